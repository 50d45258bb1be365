"""Licences: found by all that people call them, and honest about what nobody has said."""

from __future__ import annotations

import pytest

from pipelines.catalog.licences import (
    CONDITIONS,
    LICENCES,
    NO,
    STRICTNESS,
    UNKNOWN,
    YES,
    find_terms,
    of_civitai,
    strictest,
)

NAMES = [
    ("creativeml-openrail-m", "creativeml-openrail-m"),
    ("CreativeML Open RAIL-M", "creativeml-openrail-m"),
    ("openrail", "creativeml-openrail-m"),
    ("https://huggingface.co/spaces/CompVis/stable-diffusion-license", "creativeml-openrail-m"),
    ("openrail++", "openrail++"),
    ("CreativeML Open RAIL++-M License", "openrail++"),
    ("Apache-2.0", "apache-2.0"),
    ("MIT License", "mit"),
    ("CC0", "cc0-1.0"),
    ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
    ("CC BY 4.0", "cc-by-4.0"),
    ("cc-by-nc-4.0", "cc-by-nc-4.0"),
    ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "cc-by-nc-sa-4.0"),
    ("Stability AI Community License", "stabilityai-community"),
    ("stabilityai-ai-community", "stabilityai-community"),
    ("sai-nc-community", "sai-nc-community"),
    ("fair-ai-public-license-1.0-sd", "faipl-1.0-sd"),
    ("https://freedevproject.org/faipl-1.0-sd/", "faipl-1.0-sd"),
    ("flux-1-dev-non-commercial-license", "flux-1-dev-non-commercial-license"),
    ("AGPL-3.0", "agpl-3.0"),
]


@pytest.mark.parametrize(("name", "licence"), NAMES)
def test_a_licence_is_known_by_its_names_and_addresses(name: str, licence: str) -> None:
    assert find_terms(name).id == licence


@pytest.mark.parametrize("name", ["", "other", "my own", "summit", "limited", "nothing special"])
def test_what_has_no_row_is_unknown_and_nothing_is_made_up(name: str) -> None:
    terms = find_terms(name)

    assert (terms.id, terms.commercial, terms.hosting, terms.sharing) == ("", *[UNKNOWN] * 3)


def test_each_row_is_found_by_its_own_id_and_title() -> None:
    for row in LICENCES:
        assert find_terms(row.terms.id) == row.terms
        assert find_terms(row.terms.title) == row.terms, row.terms.title
        assert {row.terms.commercial, row.terms.hosting, row.terms.sharing} <= set(STRICTNESS)


def test_who_forbids_decides_and_silence_binds_more_than_a_condition() -> None:
    assert strictest([YES, NO, UNKNOWN]) == NO
    assert strictest([YES, UNKNOWN, CONDITIONS]) == UNKNOWN
    assert strictest([YES, CONDITIONS]) == CONDITIONS
    assert strictest([]) == UNKNOWN


@pytest.mark.parametrize(
    ("flags", "commercial", "hosting", "sharing"),
    [
        ({"allowCommercialUse": ["Image", "Rent"], "allowDerivatives": True}, YES, YES, YES),
        ({"allowCommercialUse": ["RentCivit"], "allowDerivatives": False}, NO, NO, NO),
        ({"allowCommercialUse": []}, NO, NO, UNKNOWN),
        ({"allowCommercialUse": "Sell"}, YES, YES, UNKNOWN),
        ({"allowCommercialUse": "Image"}, YES, NO, UNKNOWN),
        ({"allowCommercialUse": "{Image,Rent}"}, YES, YES, UNKNOWN),
        ({"allowCommercialUse": "None", "allowNoCredit": True}, NO, NO, UNKNOWN),
        ({"allowNoCredit": False, "allowCommercialUse": ["Image"]}, CONDITIONS, NO, UNKNOWN),
        ({"allowDerivatives": True, "allowDifferentLicense": False}, UNKNOWN, UNKNOWN, CONDITIONS),
        ({"allowCommercialUse": 7, "allowDerivatives": "?"}, NO, NO, YES),
    ],
)
def test_permissions_of_civitai_in_all_their_spellings(
    flags: dict[str, object], commercial: str, hosting: str, sharing: str
) -> None:
    terms = of_civitai(flags)

    assert (terms.commercial, terms.hosting, terms.sharing) == (commercial, hosting, sharing)
