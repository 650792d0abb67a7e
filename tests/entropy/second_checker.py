#!/usr/bin/env python3
"""A second checker of entropy proofs, written from docs/two-sided-entropy.md and docs/format-entropy-proof.md alone: plain decimal arithmetic of 45
digits, no balls, both outcomes only. Slow, and no proof by itself (rounding is not tracked), but it shares nothing with the program.

usage: second_checker.py FILE [--raise-intercept BITS] [--every N]   prints the cells seen and those refused
"""
import argparse
import hashlib
from decimal import Decimal as D
from decimal import getcontext
from fractions import Fraction

getcontext().prec = 45
LN2 = D(2).ln()


def sin_cos(x):
    """Taylor series; 0 <= x <= pi."""
    sine = cosine = D(0)
    term, n = D(1), 0
    while abs(term) > D(10) ** -48:
        if n % 2 == 0:
            cosine += term if n % 4 == 0 else -term
        else:
            sine += term if n % 4 == 1 else -term
        n += 1
        term = term * x / n
    return sine, cosine


def arctan_inverse(n):
    total, power, k = D(0), D(1) / n, 1
    while abs(power) > D(10) ** -50:
        total += power / k if k % 4 == 1 else -power / k
        power /= n * n
        k += 2
    return total


PI = 16 * arctan_inverse(5) - 4 * arctan_inverse(239)


def product(a, b):
    return [[sum(a[i][k] * b[k][j] for k in range(4)) for j in range(4)] for i in range(4)]


def transposed(a):
    return [list(row) for row in zip(*a)]


def exponential(k):
    """Scaling and squaring of the Taylor series."""
    squarings = 8
    small = [[x / 2**squarings for x in row] for row in k]
    total = [[D(int(i == j)) for j in range(4)] for i in range(4)]
    term = [row[:] for row in total]
    for n in range(1, 30):
        term = [[x / n for x in row] for row in product(term, small)]
        total = [[x + y for x, y in zip(r, s)] for r, s in zip(total, term)]
    for _ in range(squarings):
        total = product(total, total)
    return total


def turn(party, cosine, sine):
    """The real rotation exp(-i phi Y/2) of one qubit, from (cos, sin) of phi/2."""
    r = [[cosine, -sine], [sine, cosine]]
    one = [[D(1), D(0)], [D(0), D(1)]]
    a, b = (r, one) if party == 0 else (one, r)
    return [[a[i >> 1][j >> 1] * b[i & 1][j & 1] for j in range(4)] for i in range(4)]


def affine_turn(m, party, point, sign):
    """(N + JNJ^T)/2 + c (N - JNJ^T)/2 + s J (N - JNJ^T)/2."""
    j = turn(party, D(0), D(1))  # exp(-i pi Y/2) = J
    mirrored = product(product(j, m), transposed(j))
    rest = [[(x - y) / 2 for x, y in zip(r, s)] for r, s in zip(m, mirrored)]
    turned = product(j, rest)
    c, s = point[0], sign * point[1]
    return [[(m[i][k] + mirrored[i][k]) / 2 + c * rest[i][k] + s * turned[i][k] for k in range(4)] for i in range(4)]


def positive_definite(m):
    m = [row[:] for row in m]
    for p in range(4):
        if m[p][p] <= 0:
            return False
        for i in range(p + 1, 4):
            factor = m[i][p] / m[p][p]
            for k in range(p, 4):
                m[i][k] -= factor * m[p][k]
    return True


def decimal(fraction):
    return D(fraction.numerator) / D(fraction.denominator)


def triangle(low, high):
    """Ends of the arc of half the angle, and where the tangents meet."""
    points = []
    for angle in (low, high):
        s, c = sin_cos(PI * decimal(angle) / 2)
        points.append((c, s))
    s, c = sin_cos(PI * decimal(low + high) / 4)
    _, narrow = sin_cos(PI * decimal(high - low) / 4)
    return points + [(c / narrow, s / narrow)]


def centre_operators(cell, matrix, scale, probability, score, slope):
    """P(xy) N_xy of the page, seen from the measured basis."""
    a, b, c, d = cell
    k, at = [[D(0)] * 4 for _ in range(4)], 0
    for i in range(4):
        for j in range(i, 4):
            k[i][j] = k[j][i] = D(matrix[at]) / D(2) ** scale
            at += 1
    state = exponential(k)
    sa, ca = sin_cos(PI * decimal(a + b) / 8)
    sb, cb = sin_cos(PI * decimal(c + d) / 8)
    result = []
    for xy in range(4):
        dx, dy = (1 if xy >> 1 else -1), (1 if xy & 1 else -1)
        basis = product(turn(0, ca, dx * sa), turn(1, cb, dy * sb))
        seen_log = product(product(transposed(basis), k), basis)
        seen = product(product(transposed(basis), state), basis)
        p = decimal(probability[xy])
        n = [[p * x / LN2 for x in row] for row in seen_log]
        for ab in range(4):
            n[ab][ab] -= p * (seen[ab][ab].ln() / LN2 + slope * score[xy][ab])
        result.append(n)
    return result


def operator_at(parts, u, v):
    g = [[D(0)] * 4 for _ in range(4)]
    for xy in range(4):
        m = affine_turn(parts[xy], 1, v, 1 if xy & 1 else -1)
        m = affine_turn(m, 0, u, 1 if xy >> 1 else -1)
        g = [[x + y for x, y in zip(r, s)] for r, s in zip(g, m)]
    return g


def cell_holds(cell, matrix, scale, probability, score, slope, intercept):
    parts = centre_operators(cell, matrix, scale, probability, score, slope)
    for u in triangle(cell[0], cell[1]):
        for v in triangle(cell[2], cell[3]):
            g = operator_at(parts, u, v)
            for i in range(4):
                g[i][i] -= intercept
            if not positive_definite(g):
                return False
    return True


def read(path):
    """Header, then for each class its probabilities, domain, leaves [(cell, matrix)] and mirrored cells."""
    data = open(path, "rb").read()
    assert hashlib.sha256(data[:-32]).digest() == data[-32:], "digest"
    head, body = data[:-32].split(b"\ncells\n", 1)
    lines = [line.split(" ") for line in head.decode().split("\n")]
    assert lines[0] == ["bellows", "entropy", "proof", "1"]
    header = {line[0]: line[1:] for line in lines}
    at = 0

    def number():
        nonlocal at
        z = shift = 0
        while True:
            z |= (body[at] & 127) << shift
            shift += 7
            at += 1
            if body[at - 1] < 128:
                return z >> 1 if z % 2 == 0 else -(z >> 1) - 1

    classes = []
    for line in lines:
        if line[0] != "class":
            continue
        side = Fraction(1, 2) if "quarter" in line[5] else Fraction(1)
        todo, leaves, mirrored = [(Fraction(0), side, Fraction(0), side)], [], []
        while todo:
            a, b, c, d = todo.pop()
            node = body[at]
            at += 1
            if node == 0:
                leaves.append(((a, b, c, d), [number() for _ in range(10)]))
            elif node == 1:
                todo += [((a + b) / 2, b, c, d), (a, (a + b) / 2, c, d)]
            elif node == 2:
                todo += [(a, b, (c + d) / 2, d), (a, b, c, (c + d) / 2)]
            else:
                assert node == 3 and "ordered" in line[5] and a >= d, "mirrored"
                mirrored.append((a, b, c, d))
        area = sum((b - a) * (d - c) for a, b, c, d in [leaf[0] for leaf in leaves] + mirrored)
        assert area == side * side, "tiling"
        classes.append(([Fraction(p) for p in line[1:5]], line[5], leaves, mirrored))
    assert at == len(body), "trailing data"
    return header, classes


def expected_classes(polytope, mu):
    h, l = (Fraction(1, 2) + mu) ** 2, (Fraction(1, 2) - mu) ** 2
    q, f = Fraction(1, 4) - mu**2, 1 - h - 2 * l
    if mu == 0:
        return [([Fraction(1, 4)] * 4, "quarter-ordered")]
    if polytope == "santha-vazirani":
        return [([h, q, q, l], "ordered"), ([h, q, l, q], "full")]
    return [([h, l, l, f], "ordered"), ([h, f, l, l], "full")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--raise-intercept", default="0", help="check a stronger statement: this many bits more")
    parser.add_argument("--every", type=int, default=1, help="look at every Nth cell only")
    options = parser.parse_args()
    header, classes = read(options.file)
    assert header["entropy"] == ["both-outcomes"] and header["score"] == ["win"]
    found = [(probability, domain) for probability, domain, _, _ in classes]
    assert found == expected_classes(header["settings"][0], Fraction(header["mu"][0])), "classes"
    score = [[int(((ab >> 1) ^ (ab & 1)) == ((xy >> 1) & xy & 1)) for ab in range(4)] for xy in range(4)]
    slope = decimal(Fraction(header["slope"][0]))
    intercept = decimal(Fraction(header["intercept"][0]) + Fraction(options.raise_intercept))
    scale = int(header["scale-bits"][0])
    seen = refused = index = 0
    for probability, _, leaves, _ in classes:
        for cell, matrix in leaves:
            index += 1
            if (index - 1) % options.every:
                continue
            seen += 1
            refused += not cell_holds(cell, matrix, scale, probability, score, slope, intercept)
    print(f"cells {seen} refused {refused}")


if __name__ == "__main__":
    main()
