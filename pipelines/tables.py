"""What commands do with a policy that has several tables."""

from typing import TYPE_CHECKING

from beam_deid.pipelines import output

if TYPE_CHECKING:
    from beam_deid.transforms.policy.tables import TablesPolicy


def checked_files(policy: "TablesPolicy", inputs: tuple[str, ...]) -> int:
    """The number of files, once the columns of each table are found to be those of the policy."""
    from beam_deid.transforms.joining.tables import inputs_by_table, prepare_tables

    tables = prepare_tables(policy, inputs_by_table(policy, inputs))
    for one in tables:
        output.note(f"{one.table.name}: {told}" for told in one.prepared.found.told())
    return sum(len({shard.path for shard in one.prepared.shards}) for one in tables)
