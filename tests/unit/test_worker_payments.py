"""What a worker takes and gives money with, from its settings."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from activities.errors import to_application_error
from runtime.processor import open_payments
from runtime.settings import Settings, SettingsError
from studio.payments.errors import PaymentsNotConfigured
from studio.payments.ports import ChargeOrder, RefundOrder
from studio.payments.sealing import Seal
from studio.payments.stripe import StripeProcessor

ORDER = ChargeOrder("quote_1", "c1", 120, "usd", "d", "spt_x")
REFUND = RefundOrder("quote_1", "pi_1", 120, "refund_quote_1")
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SECRET = "a-secret-of-the-tests-0123456789"


async def test_without_settings_money_stays_where_it_is_and_the_setting_is_named() -> None:
    async with open_payments(Settings()) as payments:
        for asked in (
            payments.processor.charge(ORDER),
            payments.processor.find("quote_1", "c1", since=NOW),
            payments.processor.refund(REFUND),
            payments.processor.refund_of("re_1"),
            payments.checkout.read("cs_1"),
        ):
            with pytest.raises(PaymentsNotConfigured, match="STRIPE_SECRET_KEY") as refusal:
                await asked
            assert not to_application_error(refusal.value).non_retryable
        with pytest.raises(PaymentsNotConfigured, match="FVS_MPP_SECRET"):
            payments.seal.open(b"sealed")


async def test_with_settings_there_is_a_processor_and_a_seal() -> None:
    settings = Settings(stripe_secret_key=SecretStr("sk_test_x"), mpp_secret=SecretStr(SECRET))
    async with open_payments(settings) as payments:
        assert isinstance(payments.processor, StripeProcessor)
        assert payments.seal.open(Seal([SECRET]).seal("spt_x")) == "spt_x"


async def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(SettingsError, match="FVS_MPP_SECRET"):
        async with open_payments(Settings(mpp_secret=SecretStr("short"))):
            pass
