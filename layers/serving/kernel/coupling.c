/* Probabilities of several classes from those of each pair: the second method of T.-F. Wu, C.-J. Lin and R. C. Weng,
 * "Probability estimates for multi-class classification by pairwise coupling", JMLR 5 (2004), with libsvm's limits:
 * it ends after 100 rounds (or one per class, if there are more) or when no equation is off by more than
 * 0.005 / classes.
 *
 * Relies on: outputs x (outputs + 2) doubles of workspace.
 * Guarantees: libsvm's iteration and libsvm's limits. */
#include "table.h"

static void couple(const struct tile *t, const uint32_t *in, size_t row, uint32_t k, double *q, double *gradient,
                   double *p) {
    for (uint32_t i = 0; i < k; i++) q[i * k + i] = 0.0, p[i] = 1.0 / k;
    for (uint32_t i = 0; i < k; i++)
        for (uint32_t j = i + 1; j < k; j++) {
            const double wins = slot(t, *in++)[row], loses = 1.0 - wins;
            q[i * k + i] += loses * loses;
            q[j * k + j] += wins * wins;
            q[i * k + j] = q[j * k + i] = -loses * wins;
        }
    const double enough = 0.005 / k;
    const uint32_t rounds = k > 100 ? k : 100;
    for (uint32_t round = 0; round < rounds; round++) {
        double product = 0.0, worst = 0.0;
        for (uint32_t i = 0; i < k; i++) {
            gradient[i] = 0.0;
            for (uint32_t j = 0; j < k; j++) gradient[i] += q[i * k + j] * p[j];
            product += p[i] * gradient[i];
        }
        for (uint32_t i = 0; i < k; i++) {
            const double error = __builtin_fabs(gradient[i] - product);
            if (error > worst) worst = error;
        }
        if (worst < enough) break;
        for (uint32_t i = 0; i < k; i++) {
            const double step = (product - gradient[i]) / q[i * k + i], scale = 1.0 + step;
            p[i] += step;
            product = (product + step * (step * q[i * k + i] + 2.0 * gradient[i])) / scale / scale;
            for (uint32_t j = 0; j < k; j++) {
                gradient[j] = (gradient[j] + step * q[i * k + j]) / scale;
                p[j] /= scale;
            }
        }
    }
}

int run_coupling(struct tile *t, const struct operation *o) {
    const uint32_t k = o->outputs;
    double *q = t->workspace, *gradient = q + (size_t)k * k, *p = gradient + k;
    for (size_t r = 0; r < t->rows; r++) {
        couple(t, inputs_of(t, o), r, k, q, gradient, p);
        for (uint32_t i = 0; i < k; i++) slot(t, o->output + i)[r] = p[i];
    }
    return SKYLAYER_OK;
}
