"""What was recognised in the orders of a platform."""

from typing import Any

from rich.console import Console

from beam_deid.transforms.recognisers.platforms.catalogue import Platform
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound, TableFound


def platform_document(found: TableFound, files: list[str]) -> dict[str, Any]:
    """What was recognised in a platform's orders, as ``beam-deid demo --platform NAME --json`` prints it.

    Args:
        found: What was recognised.
        files: Paths of the files that were written.
    """
    fields = {name: _field(column) for name, column in found.columns.items()}
    return {"platform": found.platform, "confidence": found.confidence, "files": files, "fields": fields}


def _field(column: ColumnFound) -> dict[str, Any]:
    return {
        "role": [str(role) for role in column.spec.role] if column.spec else None,
        "form": column.form,
        "share": round(column.share(column.form), 4) if column.form else None,
        "platforms": dict(column.platforms),
        "holds": dict(column.holds),
    }


def show_platform(out: Console, document: dict[str, Any], platform: Platform, rows: int) -> None:
    """Show the files of a platform's orders, which policies are for them, and what each column is.

    Args:
        out: Where it is shown.
        document: What `platform_document` returned: the flat file first, then the nested one.
        platform: The platform.
        rows: How many orders were written.
    """
    flat, nested = document["files"]
    out.print(f"{rows:,} synthetic orders in {flat} (flat) and {nested} (as the API nests them)", markup=False)
    out.print(f"recognised as {document['platform']}, confidence {document['confidence']:.2f}")
    name = platform.name
    for_nested = f"{name}_api" if platform.lists else f"{name}_orders"
    out.print(
        f"policies in configs/policies: {name}_orders.yaml for the flat file, {for_nested}.yaml for the nested one"
    )
    for column, field in document["fields"].items():
        role = " and ".join(field["role"] or ())
        form = f"{field['form']} ({field['share']:.1%})" if field["form"] else ""
        out.print(f"  {column:72} {role:26} {form}", highlight=False)
