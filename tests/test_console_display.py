"""What the console keeps of a display, as the interface takes it."""

from hypothesis import given
from hypothesis import strategies as st

from aelita.api.displays import Document, NewDisplay
from aelita.console.pages.display import HEIGHTS, KINDS, SPANS_S, WIDTHS, Display, Part, display_of

PARTS = st.builds(
    Part,
    kind=st.sampled_from(sorted(KINDS)),
    title=st.text(max_size=20),
    says=st.text(max_size=40),
    width=st.sampled_from(WIDTHS),
    height=st.sampled_from(HEIGHTS),
    spacecraft=st.sampled_from(["", "tgo"]),
    span_s=st.sampled_from(SPANS_S),
)


@given(st.lists(PARTS, max_size=5))
def test_a_display_is_taken_and_given_back_as_it_was_composed(parts: list[Part]) -> None:
    composed = Display("Power", False, parts)
    kept = NewDisplay(title=composed.title, document=Document.model_validate(composed.document()))
    assert display_of(kept.model_dump()).parts == parts
