/* predict TABLE: reads rows of numbers from standard input, one double per dense input; prints each row's outputs. */
#include "skylayer.h"
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END)) return 2;
    const size_t size = (size_t)ftell(file);
    void *table = malloc(size); /* at a multiple of 8, as malloc gives it */
    rewind(file);
    if (!table || fread(table, 1, size, file) != size) return 2;
    const int32_t checked = skylayer_check(table, size);
    if (checked != SKYLAYER_OK) return fprintf(stderr, "%s: %s\n", arguments[1], skylayer_message(checked)), 1;

    const uint32_t inputs = skylayer_dense_inputs(table), outputs = skylayer_outputs(table);
    const uint64_t scratch_size = skylayer_scratch(table);
    double *row = calloc(inputs + 1, sizeof *row), *answer = calloc(outputs + 1, sizeof *answer);
    void *scratch = malloc((size_t)scratch_size + 1);
    if (!row || !answer || !scratch || skylayer_sparse_inputs(table)) return 2;
    for (;;) {
        for (uint32_t i = 0; i < inputs; i++)
            if (scanf("%lf", row + i) != 1) return 0;
        struct skylayer_failure failure;
        const int32_t status =
            skylayer_run(table, row, NULL, NULL, NULL, 1, answer, scratch, scratch_size, &failure);
        if (status != SKYLAYER_OK) return fprintf(stderr, "%s\n", skylayer_message(status)), 1;
        for (uint32_t k = 0; k < outputs; k++) printf("%.17g%c", answer[k], k + 1 < outputs ? ' ' : '\n');
    }
}
