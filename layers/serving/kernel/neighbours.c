/* Neighbours of a row by a kd-tree, in the order in which scikit-learn's traversal finds them: that order decides
 * ties, and the order of sums. Heap and sort move equal distances as its own do: D. R. Musser, "Introspective sorting
 * and selection algorithms", Software: Practice and Experience 27 (1997). The tree: J. L. Bentley, "Multidimensional
 * binary search trees used for associative searching", Communications of the ACM 18 (1975).
 *
 * Relies on: nodes in the order of a heap, children of i at 2i + 1 and 2i + 2, with bounds (check_neighbours); the
 * workspace that it counts there.
 * Guarantees: scikit-learn's neighbours in its order, distances summed in double from the first feature to the last. */
#include "table.h"
#include "mathematics.h"
#include "pairwise.h"


struct search {
    const double *points, *values, *bounds;
    const uint32_t *nodes; /* first point, end, whether it is a leaf */
    double *point, *distances, *payloads, *terms, *stack;
    uint32_t features, kind, width;
};

static uint64_t room(const struct operation *o) {
    return o->flags & WITHIN_RADIUS ? o->arrays[1].count / o->width : o->outputs / 2;
}

static struct search prepare(struct tile *t, const struct operation *o) {
    double *point = t->workspace, *distances = point + o->inputs;
    const uint64_t n = room(o);
    return (struct search){
        doubles(t, o, 0), doubles(t, o, 1), doubles(t, o, 2), words(t, o, 3),
        point, distances, distances + n, distances + 2 * n, distances + 3 * n, o->inputs, o->kind, o->width,
    };
}

static double larger(double a, double b) { return a > b ? a : b; }

static double add(uint32_t kind, double sum, double d) {
    if (kind == CHEBYSHEV) return larger(sum, d);
    return sum + (kind == MANHATTAN ? d : d * d);
}

/* Squared for the Euclidean metric, as it is compared. */
static double distance(const struct search *s, uint32_t at) {
    const double *other = s->points + (size_t)at * s->features;
    double sum = 0.0;
    for (uint32_t j = 0; j < s->features; j++) sum = add(s->kind, sum, __builtin_fabs(s->point[j] - other[j]));
    return sum;
}

static double closest(const struct search *s, uint32_t node, double *farthest) {
    const double *low = s->bounds + (size_t)node * 2 * s->features, *high = low + s->features;
    double near = 0.0, far = 0.0;
    for (uint32_t j = 0; j < s->features; j++) {
        double below = low[j] - s->point[j], above = s->point[j] - high[j];
        double d = (below + __builtin_fabs(below)) + (above + __builtin_fabs(above));
        near = add(s->kind, near, 0.5 * d);
        far = add(s->kind, far, larger(__builtin_fabs(below), __builtin_fabs(above)));
    }
    *farthest = far;
    return near;
}

/* Replace the largest of a max-heap by a smaller distance. */
static void push(const struct search *s, uint32_t size, double value, double payload) {
    double *d = s->distances, *p = s->payloads;
    if (!(value < d[0])) return;
    uint32_t at = 0;
    for (uint32_t left = 1; left < size; left = 2 * at + 1) {
        uint32_t larger_child = left + 1 < size && !(d[left] >= d[left + 1]) ? left + 1 : left;
        if (!(d[larger_child] > value)) break;
        d[at] = d[larger_child], p[at] = p[larger_child];
        at = larger_child;
    }
    d[at] = value, p[at] = payload;
}

static void swap(double *d, double *p, uint32_t i, uint32_t j) {
    double x = d[i], y = p[i];
    d[i] = d[j], p[i] = p[j];
    d[j] = x, p[j] = y;
}

static void sift_down(double *d, double *p, uint32_t start, uint32_t end) {
    for (uint32_t root = start;;) {
        uint32_t child = root * 2 + 1, largest = root;
        if (child < end && d[largest] < d[child]) largest = child;
        if (child + 1 < end && d[largest] < d[child + 1]) largest = child + 1;
        if (largest == root) return;
        swap(d, p, root, largest);
        root = largest;
    }
}

static void heapsort(double *d, double *p, uint32_t n) {
    for (uint32_t start = (n - 2) / 2 + 1; start-- > 0;) sift_down(d, p, start, n);
    for (uint32_t end = n - 1; end > 0; end--) {
        swap(d, p, 0, end);
        sift_down(d, p, 0, end);
    }
}

static void insertion_sort(double *d, double *p, uint32_t n) {
    for (uint32_t i = 1; i < n; i++) {
        double value = d[i], payload = p[i];
        uint32_t j = i;
        for (; j > 0 && d[j - 1] > value; j--) d[j] = d[j - 1], p[j] = p[j - 1];
        d[j] = value, p[j] = payload;
    }
}

/* Median of three to the end, smaller values before its place and larger ones behind. */
static uint32_t partition(double *d, double *p, uint32_t n) {
    const uint32_t middle = n / 2, last = n - 1;
    if (d[0] > d[last]) swap(d, p, 0, last);
    if (d[last] > d[middle]) {
        swap(d, p, last, middle);
        if (d[0] > d[last]) swap(d, p, 0, last);
    }
    const double pivot = d[last];
    uint32_t i = 1, j = n - 2;
    for (;;) {
        while (i <= j && d[i] < pivot) i++;
        while (i <= j && d[j] > pivot) j--;
        if (i >= j) break;
        swap(d, p, i++, j--);
    }
    swap(d, p, i, last);
    return i;
}

static void sort(const struct search *s, uint32_t count) {
    double *frame = s->stack;
    uint32_t depth = 0;
    for (uint32_t n = count; n > 1; n /= 2) depth += 2;
    frame[0] = 0.0, frame[1] = count, frame[2] = depth;
    for (uint32_t frames = 1; frames > 0;) {
        frame = s->stack + (size_t)--frames * 3;
        uint32_t from = (uint32_t)frame[0], n = (uint32_t)frame[1], left = (uint32_t)frame[2];
        double *d = s->distances + from, *p = s->payloads + from;
        if (n <= 15) insertion_sort(d, p, n);
        else if (left == 0) heapsort(d, p, n);
        else {
            uint32_t at = partition(d, p, n);
            /* the larger part waits, so that at most log2(n) do */
            uint32_t first = at, second = n - at - 1;
            const double parts[2][3] = {{from, first, left - 1}, {from + at + 1, second, left - 1}};
            const int small = first < second ? 0 : 1;
            for (int k = 0; k < 3; k++) frame[k] = parts[1 - small][k], frame[3 + k] = parts[small][k];
            frames += 2;
        }
    }
}

static void nearest(const struct search *s, uint32_t k) {
    double unused;
    for (uint32_t i = 0; i < k; i++) s->distances[i] = __builtin_inf(), s->payloads[i] = 0.0;
    s->stack[0] = 0.0, s->stack[1] = closest(s, 0, &unused);
    for (uint32_t waiting = 1; waiting > 0;) {
        const double *top = s->stack + (size_t)--waiting * 2;
        const uint32_t node = (uint32_t)top[0], *range = s->nodes + (size_t)node * 3;
        if (top[1] > s->distances[0]) continue;
        if (range[2]) {
            for (uint32_t i = range[0]; i < range[1]; i++) push(s, k, distance(s, i), s->values[i]);
            continue;
        }
        uint32_t near = 2 * node + 1, far = near + 1;
        double near_distance = closest(s, near, &unused), far_distance = closest(s, far, &unused);
        const int ordered = near_distance <= far_distance;
        double *next = s->stack + (size_t)waiting * 2;
        next[0] = ordered ? far : near, next[1] = ordered ? far_distance : near_distance;
        next[2] = ordered ? near : far, next[3] = ordered ? near_distance : far_distance;
        waiting += 2;
    }
    sort(s, k);
}

static double unsquare(uint32_t kind, double d) { return kind == SQUARED_EUCLIDEAN ? __builtin_sqrt(d) : d; }

static uint32_t within(const struct search *s, double radius) {
    const double limit = s->kind == SQUARED_EUCLIDEAN ? radius * radius : radius;
    uint32_t count = 0;
    s->stack[0] = 0.0;
    for (uint32_t waiting = 1; waiting > 0;) {
        const uint32_t node = (uint32_t)s->stack[--waiting], *range = s->nodes + (size_t)node * 3;
        double far, near = closest(s, node, &far);
        if (unsquare(s->kind, near) > radius) continue;
        const int all = unsquare(s->kind, far) <= radius;
        if (!all && !range[2]) {
            s->stack[waiting++] = 2.0 * node + 2.0;
            s->stack[waiting++] = 2.0 * node + 1.0;
            continue;
        }
        for (uint32_t i = range[0]; i < range[1]; i++) {
            double d = distance(s, i);
            if (!all && !(d <= limit)) continue;
            s->distances[count] = unsquare(s->kind, d), s->payloads[count] = i;
            count++;
        }
    }
    return count;
}

/* Distances become weights: 1/d, or 1 for the points at distance 0 where there are any. */
static void weigh(const struct search *s, uint32_t count, int weighted) {
    int touching = 0;
    for (uint32_t i = 0; i < count; i++) touching |= s->distances[i] == 0.0;
    for (uint32_t i = 0; i < count; i++) {
        double d = s->distances[i];
        s->distances[i] = !weighted ? 1.0 : touching ? (d == 0.0 ? 1.0 : 0.0) : 1.0 / d;
    }
}

/* numpy's order of addition (pairwise.h): halves, down to blocks. A frame: where, how many, what its left half gave;
 * a frame that waits for its right half has a negative length. */
static double pairwise_sum(const struct search *s, const double *x, uint32_t n) {
    double *frame = s->stack, result = 0.0;
    frame[0] = 0.0, frame[1] = n, frame[2] = 0.0;
    for (uint32_t frames = 1; frames > 0;) {
        frame = s->stack + (size_t)(frames - 1) * 3;
        uint32_t from = (uint32_t)frame[0], length = (uint32_t)frame[1];
        if (length > PAIRWISE_BLOCK) {
            const uint32_t half = left_half(length);
            frame[3] = from, frame[4] = half, frame[5] = 0.0;
            frames++;
            continue;
        }
        result = block_sum(x + from, 0, 1, length);
        /* up again: a finished left half starts its right one, a finished right half closes its frame */
        for (frames--; frames > 0; frames--) {
            frame = s->stack + (size_t)(frames - 1) * 3;
            if (frame[1] < 0.0) {
                result = frame[2] + result;
                continue;
            }
            uint32_t whole = (uint32_t)frame[1], half = left_half(whole);
            frame[2] = result;
            frame[3] = frame[0] + half, frame[4] = whole - half, frame[5] = 0.0;
            frame[1] = -frame[1];
            frames++;
            break;
        }
    }
    return result;
}

static void write_sums(struct tile *t, const struct operation *o, const struct search *s, size_t r,
                       uint32_t count) {
    weigh(s, count, (o->flags & WEIGHTED) != 0);
    slot(t, o->output)[r] = count;
    slot(t, o->output + 1)[r] = pairwise_sum(s, s->distances, count);
    for (uint32_t j = 0; j < s->width; j++) {
        double sum = 0.0;
        for (uint32_t i = 0; i < count; i++) {
            s->terms[i] = s->values[(size_t)s->payloads[i] * s->width + j] * s->distances[i];
            sum += s->terms[i];
        }
        slot(t, o->output + 2 + j)[r] = s->width == 1 ? pairwise_sum(s, s->terms, count) : sum;
    }
}

int run_neighbours(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o);
    const struct search s = prepare(t, o);
    const double radius = s.bounds[o->arrays[2].count - 1];
    for (size_t r = 0; r < t->rows; r++) {
        for (uint32_t j = 0; j < o->inputs; j++) s.point[j] = slot(t, in[j])[r];
        if (o->flags & WITHIN_RADIUS) {
            write_sums(t, o, &s, r, within(&s, radius));
            continue;
        }
        const uint32_t k = o->outputs / 2;
        nearest(&s, k);
        for (uint32_t i = 0; i < k; i++) {
            slot(t, o->output + i)[r] = unsquare(s.kind, s.distances[i]);
            slot(t, o->output + k + i)[r] = s.payloads[i];
        }
    }
    return SKYLAYER_OK;
}

int check_neighbours(const char *table, const struct operation *o, uint64_t workspace) {
    const uint64_t d = o->inputs, width = o->width, nodes = o->arrays[3].count / 3;
    if (!d || !width || !nodes || o->arrays[3].count % 3 || o->arrays[1].count % width) return SKYLAYER_BAD_TABLE;
    const uint64_t points = o->arrays[1].count / width;
    if (!points || o->arrays[0].count % d || o->arrays[0].count / d != points) return SKYLAYER_BAD_TABLE;
    if ((o->arrays[2].count - 1) / 2 / d != nodes || o->arrays[2].count != nodes * 2 * d + 1) return SKYLAYER_BAD_TABLE;
    if (o->kind < SQUARED_EUCLIDEAN || o->kind > CHEBYSHEV) return SKYLAYER_BAD_TABLE;
    if (o->flags > (WITHIN_RADIUS | WEIGHTED | ANY_ORDER)) return SKYLAYER_BAD_TABLE;
    if (o->flags & WITHIN_RADIUS) {
        if (o->outputs != 2 + width) return SKYLAYER_BAD_TABLE;
    } else if (!o->outputs || o->outputs % 2 || width != 1) return SKYLAYER_BAD_TABLE;
    if (room(o) > UINT32_MAX || d + 3 * room(o) + NEIGHBOUR_STACK > workspace) return SKYLAYER_BAD_TABLE;
    const uint32_t *node = (const void *)(table + o->arrays[3].at);
    for (uint64_t i = 0; i < nodes; i++, node += 3) {
        if (node[0] > node[1] || node[1] > points) return SKYLAYER_BAD_TABLE;
        if (!node[2] && 2 * i + 2 >= nodes) return SKYLAYER_BAD_TABLE;
    }
    return SKYLAYER_OK;
}
