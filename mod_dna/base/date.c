/* base/date.c: a date is twenty characters at fixed places, and perhaps a fraction. */
#include <base/date.h>

#define DATE_LEN 20

static bool digits(struct dna_span text, size_t at, size_t n, int *out)
{
    *out = 0;
    for (size_t i = at; i < at + n; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        *out = *out * 10 + (text.ptr[i] - '0');
    }
    return true;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to the first of January. */
static int64_t days_before(int year)
{
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

/* ".123Z" or "Z", and nothing behind it. */
static bool ends_in_utc(struct dna_span text)
{
    size_t at = DATE_LEN - 1;
    if (text.ptr[at] == '.') {
        size_t first = ++at;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') {
            at++;
        }
        if (at == first) {
            return false;
        }
    }
    return at + 1 == text.len && text.ptr[at] == 'Z';
}

enum dna_err dna_date_parse(struct dna_span text, int64_t *out)
{
    int year, month, day, hour, minute, second;
    int64_t days;
    if (text.len < DATE_LEN || text.ptr[4] != '-' || text.ptr[7] != '-' ||
        text.ptr[10] != 'T' || text.ptr[13] != ':' || text.ptr[16] != ':' ||
        !ends_in_utc(text)) {
        return DNA_ERR_FORMAT;
    }
    if (!digits(text, 0, 4, &year) || !digits(text, 5, 2, &month) ||
        !digits(text, 8, 2, &day) || !digits(text, 11, 2, &hour) ||
        !digits(text, 14, 2, &minute) || !digits(text, 17, 2, &second)) {
        return DNA_ERR_FORMAT;
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of(year, month) ||
        hour > 23 || minute > 59 || second > 60) {
        return DNA_ERR_FORMAT;
    }
    days = days_before(year) + day - 1;
    for (int m = 1; m < month; m++) {
        days += days_of(year, m);
    }
    *out = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return DNA_OK;
}
