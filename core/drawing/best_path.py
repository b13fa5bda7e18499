"""The best way to divide a row of places into spans, each with a score."""


def best_path(scores: dict[tuple[int, int], float], edges: int) -> list[tuple[int, int]]:
    """The spans from the first edge to the last with the largest sum of scores."""
    best: list[tuple[float, list[tuple[int, int]]] | None] = [(0.0, [])] + [None] * (edges - 1)
    for stop in range(1, edges):
        for start in range(stop):
            before = best[start]
            if before is None or (start, stop) not in scores:
                continue
            score = before[0] + scores[(start, stop)]
            here = best[stop]
            if here is None or score > here[0]:
                best[stop] = (score, [*before[1], (start, stop)])
    found = best[-1]
    return found[1] if found else []
