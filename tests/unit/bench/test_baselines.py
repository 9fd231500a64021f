"""The benchmark is no part of the product, but what it compares with must keep the same leads."""

import json

from bench.history import START_AT
from bench.inprocess import codecs
from bench.json_lead import as_json, lead_of
from bench.measure import Row, Scale
from bench.openclocks import open_lead


def test_the_baseline_keeps_the_whole_lead() -> None:
    lead = open_lead(7, START_AT)
    assert lead_of(json.loads(json.dumps(as_json(lead)))) == lead


def test_every_codec_is_measured() -> None:
    rows = list(codecs(Scale(quick=True, full=False, rivals=False)))
    assert [type(row) for row in rows] == [Row] * 4
