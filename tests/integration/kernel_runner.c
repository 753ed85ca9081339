/* Runs a table on rows of doubles, so that one architecture's answers can be compared with another's.
 * kernel_runner TABLE INPUTS ROWS ANSWERS: files; prints skylayer_run's status. */
#include <stdio.h>
#include <stdlib.h>
#include "skylayer.h"

static void *contents(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(10);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*size + 8);
    if (!data || fread(data, 1, *size, file) != *size) exit(11);
    fclose(file);
    return data;
}

int main(int count, char **arguments) {
    if (count != 5) return 12;
    size_t size, inputs, rows = strtoul(arguments[3], NULL, 10);
    void *table = contents(arguments[1], &size);
    const double *dense = contents(arguments[2], &inputs);
    if (skylayer_check(table, size) != SKYLAYER_OK) return 13;
    uint32_t width = skylayer_outputs(table);
    uint64_t scratch = skylayer_scratch(table);
    double *answers = calloc(rows * width, sizeof *answers);
    struct skylayer_failure failure = {0, 0, 0};
    int status = skylayer_run(table, dense, NULL, NULL, NULL, rows, answers, malloc(scratch), scratch, &failure);
    FILE *out = fopen(arguments[4], "wb");
    if (!out || fwrite(answers, sizeof *answers, rows * width, out) != rows * width || fclose(out)) return 14;
    printf("%d\n", status);
    return 0;
}
