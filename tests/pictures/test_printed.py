"""The records that pictures name are in the ledger, and are named in one place."""

import re
from pathlib import Path

import pytest

import cnnviz.pictures
from cnnviz.documents.ledger import all_records
from cnnviz.pictures.printed import PRINTED, record_of
from cnnviz.symbols import NOTATIONS


@pytest.mark.parametrize("quantity", PRINTED)
@pytest.mark.parametrize("document", NOTATIONS)
def test_every_record_that_a_picture_names_is_in_the_ledger(quantity, document):
    record = record_of(quantity, document)
    assert not record or record in {record.id for record in all_records()}
    if isinstance(PRINTED[quantity], dict):
        assert not record or record.startswith(f"{document}-")


def test_an_equation_names_its_record_by_the_quantity_alone():
    folder = Path(cnnviz.pictures.__file__).parent
    naming = {
        file.name
        for file in folder.rglob("*.py")
        if re.search(r'"(note|slides|blog)-\d+"', file.read_text(encoding="utf-8"))
    }
    assert naming == {"printed.py"}
