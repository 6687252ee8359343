"""What an account to look around in holds beside its contacts: always the same."""

from itertools import islice
from typing import Final

from ._state import State
from ._wire import Row

MOST: Final = 100
"""So many of the first contacts have ties: an account may have a million."""
_TAGS = ("customer", "newsletter", "trial")
_LISTS = ("News", "Offers")
_PLANS = ("Free", "Team", "Company")
_LIKES = ("Music", "Sports", "Travel")


def add_examples(sandbox: State) -> None:
    tags = [sandbox.add_tag(name) for name in _TAGS]
    lists = [sandbox.add_list(name) for name in _LISTS]
    born, plan, likes = (
        sandbox.add_field(title, type) for title, type in (("Born", "date"), ("Plan", "dropdown"), ("Likes", "listbox"))
    )
    for field, values in ((plan, _PLANS), (likes, _LIKES)):
        for place, value in enumerate(values, 1):
            row: Row = {"field": str(field), "value": value, "label": value, "orderid": str(place)}
            sandbox.add_row("fieldOptions", row)
    for field in (born, plan, likes):
        sandbox.add_row("fieldRels", {"field": str(field)})
    for id in islice(sandbox.contact_ids(), MOST):
        sandbox.subscribe(id, lists[id % 2], 1 + (id % 7 == 0))
        sandbox.set_field_value(id, plan, _PLANS[id % 3])
        if id % 2:
            sandbox.tag_contact(id, tags[id % 3])
        if id % 3 == 0:
            sandbox.set_field_value(id, born, f"{1950 + id % 50}-0{1 + id % 9}-1{id % 9}")
        if id % 5 == 0:
            sandbox.set_field_value(id, likes, f"||{_LIKES[id % 3]}||{_LIKES[(id + 1) % 3]}||")
