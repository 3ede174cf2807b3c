"""What people write. Nobody can say what stands in it, whatever is done to it."""

from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind, Where

FREE_TEXT = Kind(
    "free_text",
    category="communication",
    identifies=True,
    shared=True,
    column=ColumnName(
        "message|memos?|remarks?|comments?|notes?|note_attributes|feedback|words|instructions?|review_text|tags",
        "留言|备注|评论|描述|附言",
        "what people write; it may hold anything",
        Where.TEXT,
    ),
)
