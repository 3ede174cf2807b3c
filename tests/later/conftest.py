from pathlib import Path

import pytest

from beam_deid.transforms.crypto.keys import forget

from ..kit.keys import KEK
from .shop import Shop, furnish


@pytest.fixture(autouse=True)
def _kek(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEK", KEK)
    forget()


@pytest.fixture(scope="session")
def opened_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop that nobody changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        forget()
        return furnish(tmp_path_factory.mktemp("opened-shop"))


@pytest.fixture
def shop(opened_shop: Shop, tmp_path: Path) -> Shop:
    """A shop of a test's own."""
    return opened_shop.copied(tmp_path / "shop")


@pytest.fixture(scope="session")
def erased_shop(opened_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop in which `test_erasing.GONE` were erased beside their source, which nobody changes either."""
    from .test_erasing import GONE

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        forget()
        shop = opened_shop.copied(tmp_path_factory.mktemp("erased-shop") / "shop")
        assert shop.erase_beside_source(shop.list_of("buyer", *GONE)) == 0
    return shop
