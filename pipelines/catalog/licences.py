"""What the licences of models allow, as far as a row can say it: one row a licence, found by what people call it.

A row repeats what the licence's own text says, shortened; it is no legal advice, and the text itself decides.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass

# How much is allowed, from free to forbidden. "unknown" is stricter than a condition: nobody has said yes.
YES, CONDITIONS, UNKNOWN, NO = "yes", "conditions", "unknown", "no"
STRICTNESS = (YES, CONDITIONS, UNKNOWN, NO)


@dataclass(frozen=True)
class Terms:
    """`commercial`: earning money with pictures; `hosting`: offering the model to others as a service;
    `sharing`: passing on the model, and merges and training made from it. Each is one of STRICTNESS.
    """

    id: str
    title: str
    commercial: str = UNKNOWN
    hosting: str = UNKNOWN
    sharing: str = UNKNOWN
    note: str = ""  # what else must be kept to, in a sentence or two
    address: str = ""  # where its whole text stands


@dataclass(frozen=True)
class Licence:
    """The licence of one model. `name`: as it was written; `source`: where; `text_file`: the whole text, if known."""

    name: str
    terms: Terms
    source: str
    text_file: str = ""

    @property
    def is_said(self) -> bool:
        return bool(self.name)


@dataclass(frozen=True)
class Row:
    """`words`: a regular expression over the licence's name or address, in small letters, joined by dashes."""

    words: str
    terms: Terms


CC = "https://creativecommons.org/licenses"
ADDRESSES = {
    "cc-by-nc-nd-4.0": f"{CC}/by-nc-nd/4.0/",
    "cc-by-nc-sa-4.0": f"{CC}/by-nc-sa/4.0/",
    "cc-by-nc-4.0": f"{CC}/by-nc/4.0/",
    "cc-by-nd-4.0": f"{CC}/by-nd/4.0/",
    "cc-by-sa-4.0": f"{CC}/by-sa/4.0/",
    "cc-by-4.0": f"{CC}/by/4.0/",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "stabilityai-community": "https://stability.ai/license",
    "faipl-1.0-sd": "https://freedevproject.org/faipl-1.0-sd/",
    "creativeml-openrail-m": "https://huggingface.co/spaces/CompVis/stable-diffusion-license",
    "openrail++": "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "mit": "https://opensource.org/license/mit",
    "bsd-3-clause": "https://opensource.org/license/bsd-3-clause",
    "agpl-3.0": "https://www.gnu.org/licenses/agpl-3.0.html",
    "gpl-3.0": "https://www.gnu.org/licenses/gpl-3.0.html",
}
RAIL = (
    "Uses that harm people are forbidden (see its use restrictions). Whoever shares the model, or lets others use it,"
    " passes the licence and these restrictions on."
)
CREDIT = "The makers are named."
NO_MONEY = "No use for money, of the model or of its pictures."
STABILITY = (
    "Free up to a yearly revenue of one million US dollars, beyond it with a licence of Stability AI; “Powered by"
    " Stability AI” is shown where it is offered to others."
)
FAIR = (
    "Whoever shares a model made from it, or offers one over a network, gives it away under the same licence, with"
    " how it was made. Uses that harm people are forbidden."
)


def _row(words: str, name: str, title: str, allows: str, note: str = "") -> Row:
    """`allows`: commercial use, hosting, sharing; y, c, n or ? each."""
    marks = dict(zip("yc?n", STRICTNESS, strict=True))
    commercial, hosting, sharing = (marks[mark] for mark in allows)
    terms = Terms(name, title, commercial, hosting, sharing, note, ADDRESSES.get(name, ""))
    return Row(words, terms)


# The first row that fits wins, so the narrower stands before the wider.
LICENCES = (
    _row(
        r"cc-?by-nc-nd", "cc-by-nc-nd-4.0", "CC BY-NC-ND", "ncn",
        f"{NO_MONEY} Nothing made from it is passed on. {CREDIT}",
    ),
    _row(
        r"cc-?by-nc-sa", "cc-by-nc-sa-4.0", "CC BY-NC-SA", "ncc",
        f"{NO_MONEY} What is made from it has the same licence. {CREDIT}",
    ),
    _row(r"cc-?by-nc|attribution-non-?commercial", "cc-by-nc-4.0", "CC BY-NC", "ncc", f"{NO_MONEY} {CREDIT}"),
    _row(r"cc-?by-nd", "cc-by-nd-4.0", "CC BY-ND", "ccn", f"Nothing made from it is passed on. {CREDIT}"),
    _row(r"cc-?by-sa", "cc-by-sa-4.0", "CC BY-SA", "ccc", f"What is made from it has the same licence. {CREDIT}"),
    _row(r"cc-?by\b", "cc-by-4.0", "CC BY", "ccc", CREDIT),
    _row(r"cc-?0|public-?domain|unlicense", "cc0-1.0", "CC0, public domain", "yyy"),
    _row(
        r"sai-nc|stab\w*-(ai-)?(nc|non-?commercial)", "sai-nc-community", "Stability AI Non-Commercial Community",
        "nnc", f"{NO_MONEY} The licence goes with every copy.",
    ),
    _row(r"stab\w*-(ai-)?(ai-)?community", "stabilityai-community", "Stability AI Community", "ccc", STABILITY),
    _row(r"fair-ai-public|faipl", "faipl-1.0-sd", "Fair AI Public License 1.0-SD", "ycc", FAIR),
    _row(
        r"flux-1-dev|flux-dev|flux-?non-?commercial", "flux-1-dev-non-commercial-license",
        "FLUX.1 [dev] Non-Commercial", "cnc",
        "Pictures may be used for money; the model itself may not, also not as a service.",
    ),
    _row(
        r"playground", "playground-v2dot5-community", "Playground Community", "ccc",
        "Free up to a million monthly users; not for training other models.",
    ),
    _row(
        r"open-?rail-?(pp|plus|plusplus)|openrailpp", "openrail++", "CreativeML Open RAIL++-M", "ycc", RAIL,
    ),
    _row(
        r"creativeml|compvis-stable-diffusion-license|open-?rail|bigscience.*rail", "creativeml-openrail-m",
        "CreativeML Open RAIL-M", "ycc", RAIL,
    ),
    _row(r"apache", "apache-2.0", "Apache 2.0", "yyc", "The licence and the notices go with every copy."),
    _row(r"\bmit\b|expat", "mit", "MIT", "yyc", "The licence goes with every copy."),
    _row(r"\bbsd\b", "bsd-3-clause", "BSD", "yyc", "The licence goes with every copy."),
    _row(
        r"\ba-?gpl", "agpl-3.0", "AGPL 3", "ycc",
        "What is made from it, or offered over a network, has the same licence.",
    ),
    _row(r"\bl?gpl", "gpl-3.0", "GPL 3", "yyc", "What is made from it and shared has the same licence."),
    _row(r"non-?commercial|research-only|\bnc\b", "non-commercial", "Non-commercial", "nn?", NO_MONEY),
)  # fmt: skip
NOT_SAID = Terms(
    "", "unknown", note="Nobody has said what may be done with it: ask where it comes from."
)


def find_terms(name: str) -> Terms:
    """What a licence of this name, or at this address, allows; all unknown for one that has no row here."""
    text = name.casefold().replace("++", "pp").replace("creativecommons.org/licenses/", "cc-")
    words = re.sub(r"[^a-z0-9]+", "-", text).strip("-")
    found = next((row.terms for row in LICENCES if re.search(row.words, words)), None)
    if found:
        return found
    if not words or words in ("other", "unknown", "none", "n-a"):
        return NOT_SAID
    note = "Its text is not known here: read it where the model comes from."
    return Terms("", name, note=note)


UNSAID = Licence("", NOT_SAID, "")


def strictest(values: Iterable[str]) -> str:
    """The one that binds when all of them must be kept to; unknown for none."""
    return max(values, key=STRICTNESS.index, default=UNKNOWN)


def of_civitai(flags: dict[str, object]) -> Terms:
    """The permissions that CivitAI's makers tick, as terms.

    `allowCommercialUse` is a list of Image, RentCivit, Rent and Sell; older records have one of None, Image, Rent and
    Sell, each of which includes those before it, or the list as text in braces.
    """
    given = flags.get("allowCommercialUse")
    texts = given if isinstance(given, list) else re.findall(r"\w+", str(given or ""))
    may = {str(text).casefold() for text in texts}
    if isinstance(given, str) and not given.startswith("{"):
        order = ["image", "rent", "sell"]
        may |= {one for one in order if may & set(order[order.index(one) :])}
    is_said = given is not None

    def allowed(*words: str) -> str:
        return (YES if may & set(words) else NO) if is_said else UNKNOWN

    has_credit = flags.get("allowNoCredit") is False
    derivatives = flags.get("allowDerivatives")
    is_bound = flags.get("allowDifferentLicense") is False
    sharing = (
        UNKNOWN
        if derivatives is None
        else NO
        if not derivatives
        else CONDITIONS
        if is_bound
        else YES
    )
    notes = (
        "The maker is named." if has_credit else "",
        "Merges keep these permissions." if is_bound and derivatives else "",
    )
    terms = Terms("civitai", "CivitAI permissions", allowed("image"), allowed("rent"), sharing)
    commercial = CONDITIONS if has_credit and terms.commercial == YES else terms.commercial
    return dataclasses.replace(terms, commercial=commercial, note=" ".join(filter(None, notes)))
