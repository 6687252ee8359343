"""The account's pace in Redis: one key, one script, and the server's clock, so that nobody else's matters."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .local import CALM_AFTER, DOCUMENTED, FIRST_STEP, SHRINK, WIDEST, WIDEST_STEP

SLACK = 1.025  # gap in units of 1 / rate: five of them are then 25 ms longer than a second, for machines that jitter
AHEAD = 0.030  # seconds before a turn in which it is granted, to be waited for on the spot
GRACE = 0.1  # seconds after which one that has not come back is passed over
GONE = 10.0  # seconds after which it is forgotten
KNOWN = 60.0  # seconds after which one that neither asks nor waits is no longer taken for a sharer
KEPT = 2 * 3600.0  # seconds after which an account that nobody uses is forgotten; no pause is longer
STEPPED = 1.0  # seconds by which the server's clock was set back, where it was

# All times are milliseconds. cjson writes 14 digits: tenths of a millisecond, of times since 1970.
SCRIPT = """
local ask, clock = cjson.decode(ARGV[1]), redis.call('TIME')
local now, kept = clock[1] * 1000 + clock[2] / 1000, redis.pcall('GET', KEYS[1])
local s = {seen = now, next = 0, resume = 0, calm = 0, line = {},
  spread = ask.slack, step = ask.first, good = ask.calm_after}

-- what is none of ours is as good as absent; what may not be read is not, or each would begin anew
if type(kept) == 'table' and not string.find(kept.err, 'WRONGTYPE') then return kept end
local ours, old = pcall(cjson.decode, kept)
ours = ours and type(old) == 'table'
for name, value in pairs(s) do ours = ours and type(old[name]) == type(value) end
if ours then s = old end
s.known = s.known or {} -- an earlier version has none

if s.seen - now > ask.stepped then -- the clock was set back, or another server took over
  for _, key in ipairs({'next', 'resume', 'calm'}) do s[key] = s[key] - s.seen + now end
  s.line, s.known = {}, {}
end
s.seen = now

-- what answers have taught
s.limit = ask.limit or s.limit
local rate = ask.rate and math.min(ask.rate, s.limit or ask.rate) or s.limit or ask.documented
s.good = s.good + ask.good
s.spread = math.max(s.spread * ask.shrink ^ ask.good, ask.slack)
if ask.overrun and now >= s.calm then -- several refusals of one overrun are one event
  s.step = s.good >= ask.calm_after and ask.first or math.min(2 * s.step, ask.widest_step)
  s.spread, s.good = math.min(s.spread * (1 + s.step), ask.widest), 0
end
if ask.pause then
  s.resume = math.max(s.resume, now + ask.pause)
  s.calm = s.resume + 1000
end
if ask.since then s.next = math.max(s.next, now - ask.since + 1000 / rate) end -- a turn late, or not from here

-- the line: who came first of the first class
local gap, due = s.spread * 1000 / rate, math.max(now, s.next, s.resume)
local me = s.line[ask.who]
if ask.rank and not (me and me.rank == ask.rank) then me = {rank = ask.rank, since = now} end
local before, parties = 0, 1
for who, other in pairs(s.line) do
  if other.back + ask.gone < now then
    s.line[who] = nil
  elseif who ~= ask.who and other.back + ask.grace > now then
    parties = parties + 1
    if me and (other.rank < me.rank or other.rank == me.rank and other.since < me.since) then before = before + 1 end
  end
end

local go, wait = false, 0
if ask.rank then
  wait = due + before * gap - now
  local ahead = math.min(ask.ahead, gap / 2)
  if before == 0 and wait <= ahead then
    go, s.next, me = true, due + gap, nil
  else -- look again shortly before the turn; who has others before it half way, since they may leave
    wait = before == 0 and wait - ahead / 2 or math.max(wait / 2, ahead / 2)
    me.back = now + wait
  end
else
  me = nil
end
s.line[ask.who] = me

-- all that share, in line or between two turns
s.known[ask.who] = (me and me.back or now) + ask.known
local sharers = 0
for who, till in pairs(s.known) do
  if till < now then s.known[who] = nil else sharers = sharers + 1 end
end

redis.call('SET', KEYS[1], cjson.encode(s), 'PX', ask.kept)
return cjson.encode({go = go, wait = wait, paused = math.max(s.resume - now, 0), gap = gap,
  parties = parties, sharers = sharers})
"""

_ALWAYS = {
    "slack": SLACK,
    "first": FIRST_STEP,
    "widest_step": WIDEST_STEP,
    "widest": WIDEST,
    "shrink": SHRINK,
    "calm_after": CALM_AFTER,
    "documented": DOCUMENTED,
    "grace": GRACE * 1000,
    "gone": GONE * 1000,
    "known": KNOWN * 1000,
    "stepped": STEPPED * 1000,
    "kept": round(KEPT * 1000),
}


class Said(NamedTuple):
    """What Redis answers. Seconds."""

    go: bool
    """The turn is ours, after `wait`; else `wait` is when to ask again."""
    wait: float
    paused: float
    gap: float
    parties: int
    """How many are in line, with the one that asked."""
    sharers: int
    """How many there are, in line or not, with the one that asked."""


def question(who: str, **asked: Any) -> str:
    """The script's argument; what is None is left out."""
    return json.dumps({"who": who, **_ALWAYS, **{name: value for name, value in asked.items() if value is not None}})


def answer(said: str | bytes) -> Said:
    """The script's result."""
    data = json.loads(said)
    wait, paused, gap = (data[name] / 1000 for name in ("wait", "paused", "gap"))
    return Said(data["go"], wait, paused, gap, data["parties"], data["sharers"])
