/* See times.h. */
#include "times.h"
#include "decimal.h"

struct span write_digits(uint8_t *text, uint64_t number) { return (struct span){text, write_whole(text, number)}; }

static uint8_t *put_two(uint8_t *to, int64_t number, char behind) {
    to[0] = (uint8_t)('0' + number / 10);
    to[1] = (uint8_t)('0' + number % 10);
    to[2] = (uint8_t)behind;
    return to + 3;
}

/* The date by the days since 1 March of the year 0 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
struct span write_second(uint8_t *text, int64_t since_1970) {
    const int64_t days = since_1970 / 86400 + 719468, second = since_1970 % 86400;
    const int64_t era = days / 146097, of_era = days % 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * of_year + 2) / 153, day = of_year - (153 * month_from_march + 2) / 5 + 1;
    const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    uint8_t *to = text;
    to += write_whole(to, (uint64_t)(year_of_era + era * 400 + (month <= 2)));
    *to++ = '-';
    to = put_two(to, month, '-');
    to = put_two(to, day, 'T');
    to = put_two(to, second / 3600, ':');
    to = put_two(to, second / 60 % 60, ':');
    to = put_two(to, second % 60, 'Z');
    return (struct span){text, (size_t)(to - text)};
}

struct span write_milliseconds(uint8_t *text, int64_t nanoseconds) {
    const int64_t microseconds = (nanoseconds + 500) / 1000;
    return (struct span){text, write_double(text, (double)microseconds / 1000.0)};
}
