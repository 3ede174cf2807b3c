"""Mask presets: one file each, all of them in `PRESETS`."""

from collections.abc import Mapping

from beam_deid.transforms.actions.masks.preset import MaskPreset
from beam_deid.transforms.actions.masks.presets.address import Address
from beam_deid.transforms.actions.masks.presets.bank_card import BankCard
from beam_deid.transforms.actions.masks.presets.credit_code import CreditCode
from beam_deid.transforms.actions.masks.presets.email import Email
from beam_deid.transforms.actions.masks.presets.id_card import IdCard
from beam_deid.transforms.actions.masks.presets.invoice_title import InvoiceTitle
from beam_deid.transforms.actions.masks.presets.landline import Landline
from beam_deid.transforms.actions.masks.presets.mobile import Mobile
from beam_deid.transforms.actions.masks.presets.passport import Passport
from beam_deid.transforms.actions.masks.presets.person_name import PersonName
from beam_deid.transforms.actions.masks.presets.plate import Plate
from beam_deid.transforms.actions.masks.presets.privacy_number import PrivacyNumber
from beam_deid.transforms.actions.masks.presets.waybill import Waybill
from beam_deid.transforms.actions.masks.presets.wechat import Wechat

_ALL: tuple[MaskPreset, ...] = (
    PersonName(),
    Mobile(),
    Landline(),
    PrivacyNumber(),
    IdCard(),
    BankCard(),
    Passport(),
    CreditCode(),
    Plate(),
    Email(),
    Wechat(),
    InvoiceTitle(),
    Address(),
    Waybill(),
)

PRESETS: Mapping[str, MaskPreset] = {preset.name: preset for preset in _ALL}
"""All presets by name, in the order in which they are documented."""
