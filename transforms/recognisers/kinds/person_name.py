"""Names of people, which many people share."""

from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind, Where

PERSON_NAME = Kind(
    "person_name",
    category="basic",
    identifies=True,
    shared=True,
    mask="person_name",
    surrogate="name",
    column=ColumnName(
        r"(?:first|last|middle|full|given|family|user|nick|customer|buyer|receiver|recipient|consignee|contact|sender|shipping|"
        r"billing|seller|member|owner|author|person|employee|patient|guest|display|login|account|real)_?names?|name|surname|nick|"
        "fullname|username|nickname|consignee|receiver|recipient|contact|invoice_title",
        "姓名|收货人|收件人|联系人|昵称|会员名|用户名|客户名|买家|抬头|名字",
        "a name",
        Where.TEXT,
    ),
)
