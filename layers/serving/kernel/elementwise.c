/* One slot at a time, or a few slots into one. */
#include "table.h"
#include "mathematics.h"

static double arithmetic(int kind, double a, double b) {
    switch (kind) {
    case ADD: return a + b;
    case SUBTRACT: return a - b;
    case MULTIPLY: return a * b;
    case DIVIDE: return a / b;
    case REVERSE_SUBTRACT: return b - a;
    case REVERSE_DIVIDE: return b / a;
    case MAXIMUM: return is_nan(a) || a > b ? a : b;
    case MINIMUM: return is_nan(a) || a < b ? a : b;
    case GREATER: return a > b;
    case GREATER_EQUAL: return a >= b;
    case LESS: return a < b;
    case LESS_EQUAL: return a <= b;
    case EQUAL: return a == b;
    default: return sky_pow(a, b);
    }
}

static double unary(int kind, double x) {
    switch (kind) {
    case IS_NAN: return is_nan(x);
    case NEGATE: return -x;
    case ABSOLUTE: return __builtin_fabs(x);
    case SIGN: return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x == 0.0 ? 0.0 : x;
    case SQUARE: return x * x;
    case SQUARE_ROOT: return __builtin_sqrt(x);
    case RECIPROCAL: return 1.0 / x;
    case FLOOR: return __builtin_floor(x);
    case CEIL: return __builtin_ceil(x);
    case TRUNCATE: return __builtin_trunc(x);
    case RECTIFY: return is_nan(x) || x > 0.0 ? x : 0.0;
    case EXP: return sky_exp(x);
    case LOG: return sky_log(x);
    case EXPM1: return sky_expm1(x);
    case LOG1P: return sky_log1p(x);
    case TANH: return sky_tanh(x);
    case SIN: return sky_sin(x);
    case COS: return sky_cos(x);
    case ERF: return sky_erf(x);
    case NORMAL_CDF: return sky_normal_cdf(x);
    case PROBIT: return sky_probit(x);
    case LOG2: return sky_log2(x);
    case LOG10: return sky_log10(x);
    case EXP2: return sky_exp2(x);
    case CBRT: return sky_cbrt(x);
    case ROUND: return __builtin_rint(x);
    default: return sky_expit(x);
    }
}

/* The order in which numpy adds a contiguous row (pairwise_sum in its loops), for every bit. */
static double pairwise_sum(const struct tile *t, const uint32_t *in, uint32_t n, size_t r) {
    double total = 0.0;
    if (n < 8) {
        total = -0.0;
        for (uint32_t i = 0; i < n; i++) total += slot(t, in[i])[r];
        return total;
    }
    double part[8];
    for (uint32_t i = 0; i < 8; i++) part[i] = slot(t, in[i])[r];
    uint32_t i = 8;
    for (; i + 8 <= n; i += 8)
        for (uint32_t k = 0; k < 8; k++) part[k] += slot(t, in[i + k])[r];
    total = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; i++) total += slot(t, in[i])[r];
    return total;
}

static double reduce(const struct tile *t, const struct operation *o, const uint32_t *in, size_t r) {
    if (o->kind == PAIRWISE_SUM && o->inputs <= 128) return pairwise_sum(t, in, o->inputs, r);
    double best = slot(t, in[0])[r];
    uint32_t at = 0;
    for (uint32_t i = 1; i < o->inputs; i++) {
        double x = slot(t, in[i])[r];
        switch (o->kind) {
        case SUM: case PAIRWISE_SUM: best += x; break;
        case REDUCE_MAXIMUM: case ARGMAX:
            if (x > best || (is_nan(x) && !is_nan(best))) best = x, at = i;
            break;
        default:
            if (x < best || (is_nan(x) && !is_nan(best))) best = x, at = i;
        }
    }
    return o->kind == ARGMAX || o->kind == ARGMIN ? (double)at : best;
}

static int check(struct tile *t, const struct operation *o, const uint32_t *in) {
    const double limit = o->flags & 2 ? 3.4028235677973366e38 : 0.0; /* rounds to infinity as a float32 */
    for (uint32_t i = 0; i < o->inputs; i++) {
        for (size_t r = 0; r < t->rows; r++) {
            double x = slot(t, in[i])[r];
            if (is_nan(x) && (o->flags & 1)) continue;
            if (x - x != 0.0) return refuse(t, r, i);
            if ((o->flags & 2) && __builtin_fabs(x) >= limit) return refuse(t, r, i);
            if ((o->flags & 4) && x < 0.0) return refuse(t, r, i);
        }
    }
    return OK;
}

static double product(const struct tile *t, const uint32_t *in, const uint32_t *factors, uint32_t from,
                      uint32_t to, size_t r) {
    double p = 1.0;
    for (uint32_t k = from; k < to; k++)
        p = k == from ? slot(t, in[factors[k]])[r] : p * slot(t, in[factors[k]])[r];
    return p;
}

static double element(const struct tile *t, const struct operation *o, const uint32_t *in, uint32_t i,
                      size_t r) {
    const double *a = doubles(t, o, 0);
    switch (o->code) {
    case ROUND32: return (double)(float)slot(t, in[i])[r];
    case CONSTANT: return a[i];
    case REPLACE: {
        double x = slot(t, in[i])[r];
        return (o->kind == 0 ? is_nan(x) : x == doubles(t, o, 1)[0]) ? a[i] : x;
    }
    case ARITHMETIC: return arithmetic(o->kind, slot(t, in[i])[r], a[i]);
    case COMBINE: /* the second operand is a vector, or one slot for all */
        return arithmetic(o->kind, slot(t, in[i])[r],
                          slot(t, in[o->outputs + (o->inputs == 2 * o->outputs ? i : 0)])[r]);
    case UNARY: return unary(o->kind, slot(t, in[i])[r]);
    case SELECT: return slot(t, in[slot(t, in[i])[r] != 0.0 ? o->outputs + i : 2 * o->outputs + i])[r];
    case REDUCE: return reduce(t, o, in, r);
    default: return product(t, in, words(t, o, 1), words(t, o, 0)[i], words(t, o, 0)[i + 1], r);
    }
}

int run_elementwise(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o);
    if (o->code == CHECK) return check(t, o, in);
    for (uint32_t i = 0; i < o->outputs; i++) {
        double *out = slot(t, o->output + i);
        for (size_t r = 0; r < t->rows; r++) out[r] = element(t, o, in, i, r);
    }
    return OK;
}
