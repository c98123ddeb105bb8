/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* U, the number of pairs in which x is the larger, runs from 0 to m * n. */
enum { MAX_U = STATS_EXACT / 2 * (STATS_EXACT / 2) };

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

/* By Shell, with gaps that Ciura found best: this is done for each function several times, and to compare by a call takes as
 * long again as the sort. */
void stats_sort(double *values, size_t n)
{
	static const size_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};

	if (n > 5000) {
		qsort(values, n, sizeof(*values), by_value);
		return;
	}
	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
		for (size_t i = gaps[g]; i < n; i++) {
			double value = values[i];
			size_t at = i;

			for (; at >= gaps[g] && values[at - gaps[g]] > value; at -= gaps[g])
				values[at] = values[at - gaps[g]];
			values[at] = value;
		}
}

double stats_median(const double *sorted, size_t n)
{
	if (n == 0)
		return NAN;
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double stats_normal(double z)
{
	return erfc(-z / sqrt(2)) / 2;
}

/* Newton's steps for the logarithm, which is concave: from the left they come nearer without overshooting. */
double stats_quantile(double p)
{
	double z, step;

	if (p > 0.5)
		return -stats_quantile(1 - p);
	/* Half of exp(-z * z / 2) is above the tail. */
	z = -sqrt(-2 * log(2 * p));
	do {
		double tail = stats_normal(z);

		step = log(p / tail) * tail / (exp(-z * z / 2) / sqrt(2 * M_PI));
		z += step;
	} while (step > 1e-12);
	return z;
}

/*
 * The number of orders of m and n different values for each U, the Gaussian binomial coefficient:
 * the product over i = 1 .. m of (1 - q^(n + i)) / (1 - q^i), one factor after the other, in which
 * each step gives the counts for i values.  Returns their sum.
 */
static double make_orders(double counts[MAX_U + 1], size_t m, size_t n)
{
	size_t top = m * n;
	double sum = 0;

	memset(counts, 0, (top + 1) * sizeof(*counts));
	counts[0] = 1;
	for (size_t i = 1; i <= m; i++) {
		for (size_t u = top; u >= n + i; u--)
			counts[u] -= counts[u - n - i];
		for (size_t u = i; u <= top; u++)
			counts[u] += counts[u - i];
	}
	for (size_t u = 0; u <= top; u++)
		sum += counts[u];
	return sum;
}

/* The same for all functions of a comparison, so it is kept. */
static double count_orders(const double **counts, size_t m, size_t n)
{
	static double kept[MAX_U + 1], sum;
	static size_t kept_m, kept_n;

	if (sum == 0 || m != kept_m || n != kept_n) {
		sum = make_orders(kept, m, n);
		kept_m = m;
		kept_n = n;
	}
	*counts = kept;
	return sum;
}

static bool is_small(size_t m, size_t n)
{
	return m + n <= STATS_EXACT;
}

static double deviation_of_u(size_t m, size_t n)
{
	return sqrt((double)m * (double)n * (double)(m + n + 1) / 12);
}

/* One tail, P(U <= u), without ties. */
static double tail(size_t m, size_t n, double u)
{
	const double *counts;
	double all, sum = 0;

	if (u < 0)
		return 0;
	if (!is_small(m, n))
		return stats_normal((u + 0.5 - (double)m * (double)n / 2) / deviation_of_u(m, n));
	all = count_orders(&counts, m, n);
	for (size_t i = 0; i <= m * n && (double)i <= u; i++)
		sum += counts[i];
	return sum / all;
}

/* Twice the rank of each value of both sides, ties sharing their middle; those of x are added up. */
struct ranks {
	unsigned twice[STATS_EXACT_TIES];
	double sum_x;	 /* of the ranks, not twice */
	double tie_term; /* sum of t^3 - t */
	bool ties;
};

static void rank(struct ranks *ranks, const double *x, size_t m, const double *y, size_t n)
{
	size_t i = 0, j = 0, before = 0;

	memset(ranks, 0, sizeof(*ranks));
	while (i < m || j < n) {
		double value = j == n || (i < m && x[i] <= y[j]) ? x[i] : y[j];
		size_t of_x = 0, of_y = 0, t;
		double middle;

		while (i < m && x[i] == value)
			i++, of_x++;
		while (j < n && y[j] == value)
			j++, of_y++;
		t = of_x + of_y;
		middle = (double)before + ((double)t + 1) / 2;
		for (size_t k = before; k < before + t && k < STATS_EXACT_TIES; k++)
			ranks->twice[k] = (unsigned)(2 * middle + 0.5);
		ranks->sum_x += (double)of_x * middle;
		ranks->tie_term += (double)t * (double)t * (double)t - (double)t;
		ranks->ties |= t > 1;
		before += t;
	}
}

/*
 * With ties: in how many of the choices of m places the sum of ranks is as far from its mean.
 *
 * Place by place, the ways to have chosen k of them so far with a sum, for sums from that of the k smallest to that of the k
 * largest, and as long as there are places enough left to choose m.
 */
static double permutation_test(const struct ranks *ranks, size_t m, size_t n)
{
	size_t all = m + n, sum_x = (size_t)(2 * ranks->sum_x + 0.5), mean = m * (all + 1), width;
	size_t upto[STATS_EXACT_TIES + 1] = {0}; /* sums of the first ranks */
	double far = fabs((double)sum_x - (double)mean), hit = 0, total = 0, *ways;

	for (size_t i = 0; i < all; i++)
		upto[i + 1] = upto[i] + ranks->twice[i];
	width = upto[all] - upto[n] + 1;
	ways = calloc((m + 1) * width, sizeof(*ways));
	if (!ways)
		return 1;
	ways[0] = 1;
	for (size_t i = 0; i < all; i++)
		for (size_t k = i + 1 < m ? i + 1 : m; k > 0 && k + (all - 1 - i) >= m; k--) {
			const double *from = ways + (k - 1) * width;
			double *to = ways + k * width + ranks->twice[i];

			for (size_t s = upto[k - 1]; s <= upto[i] - upto[i - (k - 1)]; s++)
				to[s] += from[s];
		}
	for (size_t s = upto[m]; s < width; s++) {
		total += ways[m * width + s];
		if (fabs((double)s - (double)mean) >= far)
			hit += ways[m * width + s];
	}
	free(ways);
	return hit / total;
}

static double normal_test(const struct ranks *ranks, size_t m, size_t n, double u)
{
	double all = (double)(m + n);
	double variance =
		(double)m * (double)n / 12 * (all + 1 - ranks->tie_term / (all * (all - 1)));
	double away = fabs(u - (double)m * (double)n / 2) - 0.5;

	if (variance <= 0 || away <= 0)
		return 1;
	return 2 * stats_normal(-away / sqrt(variance));
}

double stats_rank_test(const double *x, size_t m, const double *y, size_t n)
{
	struct ranks ranks;
	double u, mirrored, p;

	if (m == 0 || n == 0)
		return 1;
	rank(&ranks, x, m, y, n);
	u = ranks.sum_x - (double)m * (double)(m + 1) / 2;
	if (ranks.ties && m + n <= STATS_EXACT_TIES)
		return permutation_test(&ranks, m, n);
	if (ranks.ties || !is_small(m, n))
		return normal_test(&ranks, m, n, u);
	mirrored = (double)m * (double)n - u;
	p = 2 * tail(m, n, u < mirrored ? u : mirrored);
	return p < 1 ? p : 1;
}

double stats_least_p(size_t m, size_t n)
{
	double orders = 1;

	if (m == 0 || n == 0)
		return 1;
	if (!is_small(m, n))
		return 2 * tail(m, n, 0);
	for (size_t i = 1; i <= m; i++)
		orders = orders * (double)(n + i) / (double)i;
	return 2 / orders;
}

/* How many differences y - x are at most `limit`. */
static size_t count_upto(const double *x, size_t m, const double *y, size_t n, double limit)
{
	size_t count = 0, j = 0;

	/* A larger x lets larger ys in. */
	for (size_t i = 0; i < m; i++) {
		while (j < n && y[j] - x[i] <= limit)
			j++;
		count += j;
	}
	return count;
}

/* The smallest difference above a limit that some are above. */
static double next_difference(const double *x, size_t m, const double *y, size_t n, double limit)
{
	double least = INFINITY;
	size_t j = 0;

	for (size_t i = 0; i < m; i++) {
		while (j < n && y[j] - x[i] <= limit)
			j++;
		if (j < n && y[j] - x[i] < least)
			least = y[j] - x[i];
	}
	return least;
}

/* The differences above one limit and up to another, ascending; there is room for as many as there are. */
static void collect(const double *x, size_t m, const double *y, size_t n, double low, double high,
		    double *list)
{
	size_t found = 0, first = 0;

	for (size_t i = 0; i < m; i++) {
		while (first < n && y[first] - x[i] <= low)
			first++;
		for (size_t j = first; j < n && y[j] - x[i] <= high; j++)
			list[found++] = y[j] - x[i];
	}
	stats_sort(list, found);
}

/*
 * The k-th smallest of the m * n differences, k from 1, without making them: the range it lies in is halved until only few
 * values are left in it, so that a comparison of hundreds of runs costs no time.
 */
static double difference(const double *x, size_t m, const double *y, size_t n, size_t k)
{
	enum { FEW = 16 };
	double low = nextafter(y[0] - x[m - 1], -INFINITY), high = y[n - 1] - x[0], few[FEW];
	size_t upto_low = 0, upto_high = m * n;

	while (upto_high - upto_low > FEW) {
		double middle = low + (high - low) / 2;
		size_t upto;

		/* Neighbours: what is left are equal values. */
		if (middle <= low || middle >= high)
			return high;
		upto = count_upto(x, m, y, n, middle);
		if (upto >= k) {
			high = middle;
			upto_high = upto;
		} else {
			low = middle;
			upto_low = upto;
		}
	}
	collect(x, m, y, n, low, high, few);
	return few[k - upto_low - 1];
}

double stats_shift(const double *x, size_t m, const double *y, size_t n)
{
	size_t pairs = m * n;
	double middle, after;

	if (pairs == 0)
		return NAN;
	middle = difference(x, m, y, n, (pairs + 1) / 2);
	if (pairs % 2 || count_upto(x, m, y, n, middle) > pairs / 2)
		return middle;
	after = next_difference(x, m, y, n, middle);
	return (middle + after) / 2;
}

/* k such that P(U < k) is the wanted tail, or as near as allowed; 0: no interval. */
static size_t interval_rank(size_t m, size_t n, double wanted, bool strict, double *reached)
{
	const double *counts;
	double all, sum = 0, best = 1;
	size_t rank_found = 0;

	if (!is_small(m, n)) {
		double k = floor((double)m * (double)n / 2 + 0.5 +
				 stats_quantile(wanted) * deviation_of_u(m, n));

		*reached = wanted;
		return k >= 1 ? (size_t)k : 0;
	}
	all = count_orders(&counts, m, n);
	for (size_t k = 1; k <= m * n / 2; k++) {
		double away;

		sum += counts[k - 1] / all;
		away = fabs(sum - wanted);
		if ((strict && sum > wanted) || away > best)
			break;
		best = away;
		rank_found = k;
		*reached = sum;
	}
	return rank_found;
}

struct stats_interval stats_shift_interval(const double *x, size_t m, const double *y, size_t n,
					   double level, bool strict)
{
	struct stats_interval interval = {NAN, NAN, 0};
	double reached = 0;
	size_t k = m && n ? interval_rank(m, n, (1 - level) / 2, strict, &reached) : 0;

	if (k == 0)
		return interval;
	interval.low = difference(x, m, y, n, k);
	interval.high = difference(x, m, y, n, m * n + 1 - k);
	interval.confidence = 1 - 2 * reached;
	return interval;
}

bool stats_shift_within(const double *x, size_t m, const double *y, size_t n, double level,
			double limit)
{
	double reached;
	size_t k = m && n ? interval_rank(m, n, (1 - level) / 2, true, &reached) : 0;

	return k && count_upto(x, m, y, n, -limit) < k &&
	       count_upto(x, m, y, n, nextafter(limit, 0)) >= m * n + 1 - k;
}

struct place {
	double p;
	size_t at;
};

static int by_p(const void *one, const void *other)
{
	const struct place *a = one, *b = other;

	return (a->p > b->p) - (a->p < b->p);
}

int stats_adjust(double *p, size_t n)
{
	struct place *order = calloc(n + 1, sizeof(*order));
	double least = 1;

	if (!order)
		return -1;
	for (size_t i = 0; i < n; i++)
		order[i] = (struct place){p[i], i};
	qsort(order, n, sizeof(*order), by_p);
	for (size_t i = n; i-- > 0;) {
		double q = order[i].p * (double)n / (double)(i + 1);

		least = q < least ? q : least;
		p[order[i].at] = least;
	}
	free(order);
	return 0;
}

static double squares(const double *values, size_t n)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		mean += values[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sum;
}

double stats_deviation(const double *x, size_t m, const double *y, size_t n)
{
	if (m + n < 3)
		return NAN;
	return sqrt((squares(x, m) + squares(y, n)) / (double)(m + n - 2));
}

struct stats_interval stats_median_interval(const double *sorted, size_t n, double level)
{
	struct stats_interval interval = {NAN, NAN, 0};
	/* Of n values as many lie below the median as heads fall in n tosses. */
	double exactly = pow(0.5, (double)n), below = exactly;
	size_t k = 0;

	if (n < 2)
		return interval;
	/* 0.5^n is 0 to a double from here on, and the normal approximation exact enough. */
	if (n > 1000)
		k = (size_t)(((double)n - stats_quantile((1 + level) / 2) * sqrt((double)n)) / 2);
	while (n <= 1000) {
		double next = exactly * (double)(n - k) / (double)(k + 1);

		if (2 * (below + next) > 1 - level || 2 * (k + 2) > n)
			break;
		below += exactly = next;
		k++;
	}
	interval.low = sorted[k];
	interval.high = sorted[n - 1 - k];
	interval.confidence = n > 1000 ? level : 1 - 2 * below;
	return interval;
}

double stats_runs_needed(double shift, double deviation, double alpha, double power)
{
	/* 3 / pi: what ranks lose against means where the spread is normal. */
	double z = stats_quantile(1 - alpha / 2) + stats_quantile(power);
	double n = ceil(2 * z * z * deviation * deviation / (shift * shift) * M_PI / 3);

	if (!(n < 1e6))
		return INFINITY;
	n = n < 2 ? 2 : n;
	while (stats_least_p((size_t)n, (size_t)n) > alpha)
		n++;
	return n;
}

uint64_t stats_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
