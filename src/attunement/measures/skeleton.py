# SPDX-License-Identifier: Apache-2.0
"""A commented definition to start from, which the parser and the linter already accept."""

from __future__ import annotations

from typing import Final

from attunement.measures.errors import MeasureError
from attunement.measures.reading import MEASURE_ID, shown

_SKELETON: Final = """\
# A measure for Attunement. Lines that begin with # are explanations; remove or keep them.
# Check it with `attunement measures lint FILE`, install it with `attunement measures add FILE`.
schema = 1
id = "{id}"                      # small letters, digits, hyphens; never changes
version = "1"                    # give a new one whenever anything below changes
title = "{title}"
acronym = "{acronym}"
# alliance session rupture relationship trust empathy culture expectancy
# process preferences outcome risk goals therapist
family = "session"
construct = "what it measures, in a word or two"
about = "One or two plain sentences: what it measures."
perspectives = ["client"]        # client therapist observer caregiver
timeframe = "this session"
direction = "higher_is_better"   # or lower_is_better, or none
validated = false                # true only where a paper shows it
text = "operator"                # the wording comes in a file of its own, see the end
# minimum_age = 18               # also maximum_age; seconds = usual time to fill
# notes = ["Anything a reader should know."]

[[options]]                      # a set of permitted answers; their words are in the text file
id = "agreement"
values = [0, 1, 2, 3, 4]

[[items]]                        # one table per item, in the order in which they are asked
id = "1"
kind = "choice"                  # choice or yes_no (with options), scale (with bounds), text
options = "agreement"
construct = "first"

[[items]]
id = "2"
kind = "choice"
options = "agreement"
construct = "second"

[[items]]
id = "3"
kind = "scale"
minimum = 0
maximum = 4
step = 1                         # 0 is a line without steps
construct = "third"
# scored = false                 # the source keeps it out of every scale
# risk = {{ at_least = 1, kind = "thoughts of self-harm" }}
# shown_if = {{ item = "1", at_least = 1 }}

[[scales]]                       # a total or a subscale
id = "total"
items = ["1", "2", "3"]
method = "mean"                  # or sum
min_answered = 3                 # with fewer answers there is no score
# prorate = true                 # a sum over fewer answers times items ÷ answers
# reverse = ["2"]                # lowest + highest − answer
# weights = {{ "1" = 2.0 }}        # 1 where nothing is said
# multiplier = 10
# rounding = "half_up"
bounds = [0, 4]                  # lowest and highest score; the linter computes them too
missing_rule = "Every item must be answered."
verified = false                 # true once somebody read the rule in its source

# [[cutoffs]]                    # only published ones, each with its source
# scale = "total"
# kind = "severity"              # severity screen clinical discuss
# bands = [ {{ low = 0, high = 1, label = "low" }}, {{ low = 2, high = 4, label = "high" }} ]
# source = "key-of-a-source"
# verified = false

# [[norms]]                      # scale, population, mean, sd, n, source, verified
# [[reliability]]                # scale, kind (alpha omega retest within_person), value, source …
# [[reliable_change]]            # scale, points, confidence (0.95), method, source, verified
# [[sources]]                    # key, citation, url, doi, verified, note

[licence]                        # the rights in the wording
verdict = "own"                  # own ship_core ship_nc structure_only
name = "All rights with the holder"
holder = "Who holds the rights"
exact_words = ""                 # the owner's own words, quoted
source_url = ""                  # where they were read
seen_on = ""                     # on which day, 2026-11-21
conditions = []                  # attribution_line no_modify no_sale professional_only link
nc = false                       # non-commercial only
nd = false                       # no derivatives
sa = false                       # share alike
evidence = "memory"              # seen, or memory
recheck_by = ""                  # the day on which to read them again

[licence.contexts]               # allow deny ask; what is missing counts as no
clinical = "ask"
commercial = "ask"
educational = "ask"
research = "ask"

# The wording lies beside this file (install it with --text FILE):
#   schema = 1
#   measure = "{id}"
#   version = "1"
#   language = "en"
#   title = "{title}"
#   instructions = "Please think of this session."
#   [items]
#   "1" = "The words of item 1"
#   [options.agreement]
#   "0" = "Not at all"
#   [anchors]
#   "3" = ["words at the low end", "words at the high end"]
"""


def skeleton(measure_id: str) -> str:
    """Return a commented definition file for a new measure.

    Parameters
    ----------
    measure_id : str
        Small letters, digits and hyphens, at most 64.

    Raises
    ------
    MeasureError
        E-MEASURE-005 for an id that is not permitted.
    """
    if not MEASURE_ID.fullmatch(measure_id):
        raise MeasureError(
            "E-MEASURE-005",
            what=f"{shown(measure_id)} cannot be a measure's id",
            expected="small letters, digits and hyphens, at most 64",
            next_step="Choose an id such as my-clinic-check",
        )
    words = measure_id.replace("-", " ")
    return _SKELETON.format(id=measure_id, title=words.capitalize(), acronym=measure_id.upper())
