"""What the sandbox holds true of the real API, rule by rule, and how each is known."""

from dataclasses import dataclass
from typing import Final, Literal

Source = Literal["D", "R", "L", "P", "1", "?"]

SOURCES: Final[dict[Source, str]] = {
    "D": "documented by ActiveCampaign",
    "R": "recorded from the real API",
    "L": "probed live by somebody and written down",
    "P": "told by other clients, which rely on it",
    "1": "one report",
    "?": "guessed: keep it easy to change",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    name: str
    source: Source
    text: str


RULES: Final = (
    Rule("address.outside", "R", "A path outside `/api/3` answers 301, to another site."),
    Rule("address.unknown", "?", "A path or verb nobody knows answers 404 with a `message`."),
    Rule("key.refused", "D", "A missing or wrong key answers 403 with a `message`; 401 on request."),
    Rule("key.uncounted", "?", "What a wrong key asks does not count at the limiter."),
    Rule("rate.limit", "D", "5 requests a second; beyond that 429 with `Retry-After` in whole seconds."),
    Rule("rate.window", "?", "The second slides, strictly; a fixed window and a token bucket can be had."),
    Rule("rate.refused", "?", "A request that was answered 429 does not count; on request it does."),
    Rule("rate.headers", "D", "`RateLimit-Limit` and `RateLimit-Remaining`: in no recording, so on request."),
    Rule("answer.headers", "R", "Every answer sets cookies and carries `X-Request-Id` and `Cf-Ray`."),
    Rule("answer.missing", "R", "A missing row answers 404 and is told by its inner name: `Subscriber`, `Tag`."),
    Rule("answer.stamps", "R", "Times are US Central with their offset; `…_timestamp` are the same without."),
    Rule("answer.links", "R", "Rows carry `links` to what hangs on them."),
    Rule("list.limit", "D", "20 rows a page, at most 100."),
    Rule("list.cut", "P", "A larger `limit` is cut to 100 in silence."),
    Rule("list.offset", "D", "`offset` counts from zero."),
    Rule("list.total", "R", "`meta.total` is a string."),
    Rule("list.unknown", "P", "A filter the endpoint does not know is ignored: the whole list comes back."),
    Rule("list.include", "P", "`include` side-loads rows at the top level, their ids in the row."),
    Rule("contacts.columns", "L", "A listed contact has 46 keys."),
    Rule("contacts.order", "?", "Unless asked for another order, the highest id comes first."),
    Rule("contacts.orders", "D", "`orders[id|cdate|email|first_name|last_name|name]`, several, in order."),
    Rule("contacts.score", "?", "`orders[score]` is ignored: nobody has a score here."),
    Rule("contacts.keyset", "D", "`id_greater` and `id_less`, both exclusive."),
    Rule("contacts.keyset_total", "?", "With them, `meta.total` counts the rows between."),
    Rule("contacts.ids", "D", "`ids[]` takes many; an unknown id is left out."),
    Rule("contacts.email", "D", "`email` is the whole address."),
    Rule("contacts.email_case", "?", "Addresses are compared without regard to case."),
    Rule("contacts.text", "D", "`email_like`, `search`: a part of it; `phone`: how it starts."),
    Rule("contacts.exclude", "D", "`exclude` leaves one contact out."),
    Rule("contacts.related", "D", "`listid`, `tagid`, `seriesid` find whom such a row belongs to."),
    Rule("contacts.members", "D", "`segmentid`, `formid`, `waitid` find whom the test put there."),
    Rule("contacts.status", "?", "`status` is that of any list subscription; -1 is any."),
    Rule(
        "contacts.dates",
        "D",
        "`filters[created_after]`, `[created_before]`, `[updated_after]`, `[updated_before]`.",
    ),
    Rule("contacts.border", "?", "The moment itself is neither before nor after."),
    Rule(
        "contacts.zone",
        "?",
        "A filter's time without a zone is the account's; one that cannot be read is ignored.",
    ),
    Rule("contacts.get", "R", "One contact comes with six side-loads, their ids in the row."),
    Rule("contacts.create", "R", "A create answers 201 with 13 columns."),
    Rule("contacts.echo", "R", "What was sent comes back in the JSON type sent, a bool as 0 or 1."),
    Rule("contacts.stored", "R", "What is read back are strings."),
    Rule("contacts.duplicate", "L", "A known address: 422, `duplicate`, without `detail` and `error`."),
    Rule("contacts.address", "?", "No address, or none that could be one: 422."),
    Rule("contacts.update", "R", "An update answers the stored row."),
    Rule("contacts.kept", "L", 'What is not sent is kept; `""` clears.'),
    Rule(
        "contacts.values",
        "D",
        "`fieldValues` inside the contact are written; only those of the call come back.",
    ),
    Rule("contacts.beside", "1", "`fieldValues` beside the contact are dropped in silence."),
    Rule("contacts.no_field", "L", "A value for an unknown field is dropped in silence."),
    Rule("contacts.sync", "R", "`/contact/sync` upserts by address: 201 and few columns, or 200 and the row."),
    Rule("contacts.sync_bare", "L", "Without an address it answers 400 with `errors[]` and an int `status`."),
    Rule("contacts.sync_plural", "L", "`/contacts/sync` is a plain create."),
    Rule("contacts.delete", "R", "A delete answers `{}`, a second one 404."),
    Rule("contacts.orphans", "?", "With a contact go its tags, subscriptions, enrolments and values."),
    Rule("tags.create", "R", "A new tag answers 201 with six keys."),
    Rule("tags.known", "L", "A known name answers 200 with the tag that is there."),
    Rule("tags.case", "P", "Names are unique within a `tagType`, without regard to case."),
    Rule("tags.hidden", "L", "A tag made without `tagType` is not in the list."),
    Rule("tags.search", "L", "`search` matches a part of the name."),
    Rule("tags.operators", "D", "`filters[search][eq]` and its like."),
    Rule("tags.update", "R", "An update answers the stored row; a delete `{}`."),
    Rule("contact_tags.twice", "L", "Tagging twice gives the same row: 201, then 200."),
    Rule("contact_tags.name", "L", "A name for an id: 422, `No tag id provided`."),
    Rule("contact_tags.gone", "R", "A second removal answers 404 and says `SubscriberTag`."),
    Rule("contact_tags.meta", "R", "`/contacts/{id}/contactTags` has no `meta`."),
    Rule("contact_lists.twice", "L", "Subscribing again changes the row in place."),
    Rule("contact_lists.status", "L", "Statuses 0 to 3; any other 422."),
    Rule("contact_automations.twice", "P", "Enrolling again enrols again: not safe to repeat."),
    Rule("contact_automations.refused", "D", "An enrolment that cannot be: 403."),
    Rule("field_values.upsert", "P", "One value for each contact and field, whatever id stands in the path."),
    Rule("fields.list", "R", "Fields come with `fieldOptions` and `fieldRels`."),
    Rule("lists.list", "R", "Lists have `meta.total` and their columns."),
    Rule("users.me", "D", "`/users/me` tells whose key it is."),
    Rule("users.by", "R", "`/users/email/…` and `/users/username/…` find one user."),
)


def table() -> str:
    """The rules as a Markdown table, for the docs."""
    lines = ["| Rule | Known from | What holds |", "|---|---|---|"]
    lines += [f"| `{rule.name}` | [{rule.source}] | {rule.text} |" for rule in RULES]
    legend = "; ".join(f"[{source}] {text}" for source, text in SOURCES.items())
    return "\n".join([*lines, "", f"{legend}."])
