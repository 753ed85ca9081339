/* Elementary functions in plain C, so that an answer depends on no machine's libm. mathematics.c, angles.c and
 * normal.c say what each relies on and guarantees. */
#ifndef SKYLAYER_MATHEMATICS_H
#define SKYLAYER_MATHEMATICS_H
double sky_exp(double x);
double sky_log(double x);
double sky_expm1(double x);
double sky_log1p(double x);
double sky_tanh(double x);
double sky_expit(double x);
double sky_pow(double x, double y);
double sky_sin(double x);
double sky_cos(double x);
double sky_erf(double x);
double sky_normal_cdf(double x);
double sky_probit(double p);
double sky_log2(double x);
double sky_log10(double x);
double sky_exp2(double x);
double sky_cbrt(double x);
static inline int is_nan(double x) { return x != x; }
#endif
