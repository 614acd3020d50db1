"""A payer who remembers everything that nobody may keep."""

import httpx2

from tests.kit.customer import Offer, credential
from tests.kit.leaks import CLAIM_TOKEN, Secrets
from tests.kit.market import PRICE_CENTS, Market
from tests.kit.till import GOOD_CARD, MPP_SECRET, SECRET_KEY, WEBHOOK_SECRET


class Purse:
    """Asks for quotes and pays them by hand. `secrets` begin with those of the deployment."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.secrets = Secrets()
        self.secrets.remember("key of the processor", SECRET_KEY)
        self.secrets.remember("secret of webhooks", WEBHOOK_SECRET)
        self.secrets.remember("secret of challenges", MPP_SECRET)

    def ask(self) -> Offer:
        offer = self._market.customer.ask()
        self.secrets.remember(CLAIM_TOKEN, offer.problem["claim_token"])
        return offer

    def pay(self, offer: Offer, token: str = "", *, card: str = GOOD_CARD) -> httpx2.Response:
        spt = token or self._market.till.mint(PRICE_CENTS, card=card)
        authorization = credential(offer.challenge, {"spt": spt})
        self.secrets.remember("payment token", spt)
        self.secrets.remember("credential", authorization.removeprefix("Payment "))
        answer = self._market.customer.send(offer.problem["payment_url"], authorization)
        assert spt not in answer.text + str(answer.headers)
        return answer
