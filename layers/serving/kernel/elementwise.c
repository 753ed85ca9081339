/* Operations on one slot, or from a few slots to one. The kind is decided outside the loops over rows, so that the
 * compiler can vectorize them.
 *
 * Relies on: an operation never writes a slot that it reads (check.c), which lets pointers be `restrict`.
 * Guarantees: numpy's results where IEEE 754 defines them, and numpy's order of sums (pairwise.h). EXP and similar
 * functions are those of mathematics.c. */
#include "table.h"
#include "mathematics.h"
#include "pairwise.h"

static inline __attribute__((always_inline)) double arithmetic(int kind, double a, double b) {
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

static inline __attribute__((always_inline)) double unary(int kind, double x) {
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

#define EACH(value) for (size_t r = 0; r < rows; r++) out[r] = (value)
#define CASE(kind, function, ...) case kind: EACH(function(kind, __VA_ARGS__)); break;
#define ARITHMETIC_CASES(a, b) \
    CASE(ADD, arithmetic, a, b) CASE(SUBTRACT, arithmetic, a, b) CASE(MULTIPLY, arithmetic, a, b) \
    CASE(DIVIDE, arithmetic, a, b) CASE(REVERSE_SUBTRACT, arithmetic, a, b) CASE(REVERSE_DIVIDE, arithmetic, a, b) \
    CASE(MAXIMUM, arithmetic, a, b) CASE(MINIMUM, arithmetic, a, b) CASE(GREATER, arithmetic, a, b) \
    CASE(GREATER_EQUAL, arithmetic, a, b) CASE(LESS, arithmetic, a, b) CASE(LESS_EQUAL, arithmetic, a, b) \
    CASE(EQUAL, arithmetic, a, b) CASE(POWER, arithmetic, a, b)

static void with_constant(double *restrict out, const double *restrict x, double c, int kind, size_t rows) {
    switch (kind) { ARITHMETIC_CASES(x[r], c) }
}

static void with_slot(double *restrict out, const double *restrict x, const double *restrict y, int kind,
                      size_t rows) {
    switch (kind) { ARITHMETIC_CASES(x[r], y[r]) }
}

static void apply(double *restrict out, const double *restrict x, int kind, size_t rows) {
    switch (kind) {
    CASE(IS_NAN, unary, x[r]) CASE(NEGATE, unary, x[r]) CASE(ABSOLUTE, unary, x[r]) CASE(SIGN, unary, x[r])
    CASE(SQUARE, unary, x[r]) CASE(SQUARE_ROOT, unary, x[r]) CASE(RECIPROCAL, unary, x[r]) CASE(FLOOR, unary, x[r])
    CASE(CEIL, unary, x[r]) CASE(TRUNCATE, unary, x[r]) CASE(RECTIFY, unary, x[r])
    default: EACH(unary(kind, x[r])); /* each takes far longer than to decide which */
    }
}

static void replace(double *restrict out, const double *restrict x, const double *number, double fill, size_t rows) {
    if (number) EACH(x[r] == *number ? fill : x[r]);
    else EACH(is_nan(x[r]) ? fill : x[r]);
}

static void add(double *restrict out, const double *restrict x, size_t rows) { EACH(out[r] + x[r]); }

/* Extremes as numpy finds them, and where; a NaN is beyond all. */
static double extreme(const struct tile *t, const struct operation *o, const uint32_t *in, size_t r) {
    const int most = o->kind == REDUCE_MAXIMUM || o->kind == ARGMAX;
    double best = slot(t, in[0])[r];
    uint32_t at = 0;
    for (uint32_t i = 1; i < o->inputs; i++) {
        const double x = slot(t, in[i])[r];
        if ((most ? x > best : x < best) || (is_nan(x) && !is_nan(best))) best = x, at = i;
    }
    return o->kind == ARGMAX || o->kind == ARGMIN ? (double)at : best;
}

static int reduce(const struct tile *t, const struct operation *o, const uint32_t *in) {
    const size_t rows = t->rows;
    double *out = slot(t, o->output);
    if (o->kind == PAIRWISE_SUM && o->inputs <= PAIRWISE_BLOCK)
        EACH(block_sum(t->slots + r, in, t->stride, o->inputs));
    else if (o->kind == SUM || o->kind == PAIRWISE_SUM) {
        const uint32_t n = picks(t, o->inputs);
        if (n) EACH(slot(t, in[pick(t, 0)])[r]);
        else EACH(0.0);
        for (uint32_t k = 1; k < n; k++) add(out, slot(t, in[pick(t, k)]), rows);
    } else EACH(extreme(t, o, in, r));
    return SKYLAYER_OK;
}

static int unfit(double x, int nan_allowed, double limit, double least) {
    return ((x - x != 0.0) & !(nan_allowed & is_nan(x))) | (__builtin_fabs(x) >= limit) | (x < least);
}

static int check(struct tile *t, const struct operation *o, const uint32_t *in) {
    const double infinity = __builtin_inf(); /* below: what rounds to infinity as a float32 */
    const double limit = o->flags & FLOAT32_RANGE ? 3.4028235677973366e38 : infinity;
    const double least = o->flags & NOT_NEGATIVE ? 0.0 : -infinity;
    const int nan_allowed = (o->flags & NAN_ALLOWED) != 0;
    for (uint32_t k = 0; k < picks(t, o->inputs); k++) {
        const uint32_t i = pick(t, k);
        const double *x = slot(t, in[i]);
        int any = 0;
        for (size_t r = 0; r < t->rows; r++) any |= unfit(x[r], nan_allowed, limit, least);
        for (size_t r = 0; any && r < t->rows; r++)
            if (unfit(x[r], nan_allowed, limit, least)) return refuse(t, r, i);
    }
    return SKYLAYER_OK;
}

static double product(const struct tile *t, const uint32_t *in, const uint32_t *factors, uint32_t from,
                      uint32_t to, size_t r) {
    double p = 1.0;
    for (uint32_t k = from; k < to; k++)
        p = k == from ? slot(t, in[factors[k]])[r] : p * slot(t, in[factors[k]])[r];
    return p;
}

int run_elementwise(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o), *starts = words(t, o, 0);
    const double *a = doubles(t, o, 0), *number = o->kind ? doubles(t, o, 1) : 0;
    const size_t rows = t->rows;
    if (o->code == CHECK) return check(t, o, in);
    if (o->code == REDUCE) return reduce(t, o, in);
    for (uint32_t k = 0; k < picks(t, o->outputs); k++) {
        const uint32_t i = pick(t, k);
        double *restrict out = slot(t, o->output + i);
        switch (o->code) {
        case ROUND32: EACH((double)(float)slot(t, in[i])[r]); break;
        case CONSTANT: EACH(a[i]); break;
        case REPLACE: replace(out, slot(t, in[i]), number, a[i], rows); break;
        case ARITHMETIC: with_constant(out, slot(t, in[i]), a[i], o->kind, rows); break;
        case COMBINE: /* the second operand is a vector, or one slot for all */
            with_slot(out, slot(t, in[i]), slot(t, in[o->outputs + (o->inputs == 2 * o->outputs ? i : 0)]), o->kind,
                      rows);
            break;
        case UNARY: apply(out, slot(t, in[i]), o->kind, rows); break;
        case SELECT: EACH(slot(t, in[slot(t, in[i])[r] != 0.0 ? o->outputs + i : 2 * o->outputs + i])[r]); break;
        default: EACH(product(t, in, words(t, o, 1), starts[i], starts[i + 1], r));
        }
    }
    return SKYLAYER_OK;
}
