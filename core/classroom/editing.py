"""What may change in an assignment that runs have answered, and what the change does to these runs.

No run folder is touched: each keeps the question that its student read, and what they predicted.
"""

from collections.abc import Sequence
from dataclasses import replace

from core.classroom.assignments import Assignment, checked
from core.classroom.board import Board
from core.errors import AssignmentError
from core.formatting import count
from core.runs.prediction import CHOICE, Asked
from core.runs.run import Run


def edited(present: Assignment, wanted: Assignment, answers: Sequence[Run]) -> Assignment:
    """`present` with the question, the knobs, the start and what is asked of `wanted`. answers: the runs it has.

    Raises `AssignmentError` for what `checked` refuses, and where the runs predicted something of another kind.
    """
    new = checked(wanted.question, wanted.knobs, wanted.start, wanted.asked)
    before, after = present.asked, new.asked
    if answers and (before.kind, before.versus) != (after.kind, after.versus):
        raise AssignmentError(
            f"There are {count(len(answers), 'run')} of this assignment, so what students predict must stay the same. "
            "Create another assignment for another prediction."
        )
    words = reworded(before, after)
    renamed = {old: words.get(now, now) for old, now in {**dict(present.renamed), **words}.items()}
    given = {run.prediction.given for run in answers if run.prediction}
    kept = {old: now for old, now in renamed.items() if old in given - after.options.keys() and now in after.options}
    answer = words.get(present.answer, present.answer)
    return replace(
        present,
        question=new.question,
        knobs=new.knobs,
        start=new.start,
        asked=after,
        renamed=tuple(kept.items()),
        answer=answer if after.teacher_decides and answer in after.options else "",
    )


def consequences(before: Board, after: Board) -> list[str]:
    """What an edit does to the runs that there are, in plain sentences; empty if there are none.

    after: the board of the edited assignment with the same runs.
    """
    runs, old, new = len(before.rows), before.assignment, after.assignment
    if not runs:
        return []
    which = f"All {count(runs, 'run')}" if runs > 1 else "The run"
    found = [f"{which} of this assignment will stay on the class board."]
    if new.question != old.question:
        found.append("Each run keeps the question that its student read.")
    if new.asked != old.asked:
        found.append(
            f"Met or not met is computed again: {before.met} met now, {after.met} met after the edit, of "
            f"{count(runs, 'prediction')}."
        )
    chosen = [row.run.prediction.given for row in before.rows if row.run.prediction]
    for first, words in new.renamed:
        if (first, words) not in old.renamed:
            found.append(
                f"{count(chosen.count(first), 'run')} with the choice “{first}” will count for “{words}”. So correct "
                "only its spelling here."
            )
    if lost := sum(row.choice_is_gone for row in after.rows):
        found.append(f"{count(lost, 'run')} will have a choice that is no longer offered: neither met nor not met.")
    if earlier := sum(bool(row.earlier) for row in after.rows):
        found.append(
            f"{count(earlier, 'run')} will have other fixed knobs than the assignment: the board marks them “earlier” "
            "and leaves them out of the best and the most surprising run."
        )
    return found


def reworded(before: Asked, after: Asked) -> dict[str, str]:
    """The choices with new words: old → new, where as many have gone as have come."""
    gone = [words for words in before.options if words not in after.options]
    come = [words for words in after.options if words not in before.options]
    return dict(zip(gone, come, strict=True)) if before.kind == after.kind == CHOICE and len(gone) == len(come) else {}
