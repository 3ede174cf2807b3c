"""What German, French and Spanish names of columns say of people and places; written as `names` describes."""

from beam_deid.transforms.drafting.name_rule import Group, NameRule
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.kind import Where
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.terms import Role

_DE = "kunden?|kae?ufer|empfae?nger|besteller"
"""Buyers and receivers in German, where ä may be written ae."""
_FR = "client|acheteur|destinataire|utilisateur"
_ES = "cliente|comprador|destinatario|usuario"
_OF = "(?:d|de|del|du|l|la|le|les|des|a|et|y)_"
_NUMBER_DE = "_?(?:nummer|nr|no|id)"
_NUMBER_OF = f"(?:n|no|nr|nº|num|numero|id|code|codigo|reference)_(?:{_OF})*"

EUROPEAN: tuple[NameRule, ...] = (
    NameRule(
        "e?_?mail_?adresse|courriel|correo(?:_electronico)?", "", (Role.DIRECT,), "an e-mail address", EMAIL, Where.TEXT
    ),
    NameRule(
        r"(?:\w*telefon|handy|mobil|festnetz|ruf|fax)(?:_?(?:nummer|nr))|\w*telefon|mobiltelefon|handy(?=_$)|telefono|movil|celular",
        "",
        (Role.DIRECT,),
        "a telephone",
    ),
    NameRule(
        rf"(?:{_DE}|mitglieds?|benutzer|nutzer){_NUMBER_DE}|(?:{_NUMBER_OF})(?:{_FR}|{_ES})|(?:kunden?|kae?ufer)(?=_$)|dni|nif",
        "",
        (Role.DIRECT,),
        "who a record is about",
    ),
    NameRule(
        rf"(?:bestell|auftrags|rechnungs|transaktions|beleg){_NUMBER_DE}|(?:{_NUMBER_OF})(?:commande|facture|pedido|factura)",
        "",
        (Role.DIRECT,),
        "a number that other systems know",
        ORDER_NUMBER,
    ),
    NameRule(
        rf"(?:{_DE}|rechnungs|liefer|benutzer|nutzer|vor|nach|familien)_?name|empfae?nger(?=_$)|besteller(?=_$)|ansprechpartner|"
        rf"prenoms?|nom(?=_$)|nom_(?:{_OF})*(?:{_FR}|famille|complet|prenom)|destinataire(?=_$)|acheteur(?=_$)|"
        rf"apellidos?|nombre(?=_$)|nombre_(?:{_OF})*(?:{_ES}|apellidos?|completo)|destinatario(?=_$)|comprador(?=_$)",
        "",
        (Role.DIRECT,),
        "a name",
        PERSON_NAME,
        Where.TEXT,
    ),
    NameRule(
        r"(?:liefer|rechnungs|versand|wohn|post|kunden)?_?(?:adresse|anschrift)(?:_?\d+)?|\w*strasse|haus_?(?:nummer|nr)|adresszusatz|"
        "rue|direccion|domicilio|calle",
        "",
        (Role.DIRECT,),
        "an address",
        ADDRESS,
    ),
    NameRule(
        "geburts(?:datum|tag|jahr)|(?:date_de_)?naissance|(?:fecha_de_)?nacimiento|edad",
        "",
        (Role.QUASI,),
        "an age or birth",
        group=Group.AGE,
    ),
    NameRule(
        r"\w*plz|\w*postleitzahl|code_postal|codigo_postal|(?:liefer|rechnungs|wohn)?_?(?:ort|stadt|land)(?=_$)|bundesland|landkreis|"
        "ville|commune|pays|ciudad|provincia|localidad|municipio|pais",
        "",
        (Role.QUASI,),
        "a place",
        group=Group.PLACE,
    ),
)
"""People and places in German, French and Spanish, as far as a word means one thing and no other in English."""
