"""What can go wrong when a quote is paid, case by case, and who proves that it does not.

A test carries the cases that it proves: `@pytest.mark.payment_case(7)`, several numbers where it
proves several. The check in `tests/architecture/test_cases.py` goes both ways. The numbers
are stable; each sentence says what holds.
"""

from collections.abc import Mapping
from typing import Final

PAYMENT_CASES: Final[Mapping[int, str]] = {
    1: "a payment that is sent again is one charge and one render, with the same receipt",
    2: "eight requests at once with one payment are one charge and one render",
    3: "five challenges times five tokens at once, for one quote, are one charge",
    4: "another token for a quote that is paid is refused without a challenge and not charged",
    5: "a challenge that was declined does not pay any more; the answer has a new one",
    6: "a challenge whose amount was changed pays nothing",
    7: "a challenge whose end was put off pays nothing",
    8: "a challenge that names another's quote pays nothing and tells nobody's claim token",
    9: "a challenge of one quote does not pay at the payment URL of another",
    10: "a wrong, missing or foreign claim token is answered like a quote that does not exist",
    11: "an expired quote is gone, is not charged, and is offered anew where it was asked for",
    12: "a payment with another body than the quote was made for pays nothing",
    13: "a credential that cannot be read is called malformed and gets a challenge",
    14: "another method or intent than the one offered is not supported, and gets no challenge",
    15: "two payments in one request are refused whole",
    16: "a payment without a token, or with what is none, is refused without repeating it",
    17: "a token that is too small, used up or unknown is refused by name and charges nothing",
    18: "a card that is declined charges nothing, and a good one pays the same quote afterwards",
    19: "a card whose bank asks its holder is told apart, and its open payment is canceled",
    20: "while it is unknown what a charge came to: 503, no challenge, and no second charge",
    21: "a crash between the charge and its record is mended by asking again with the same key",
    22: "a quote that expires while it is being charged is paid",
    23: "a webhook that is doubled, late, forged, of another mode or of nobody changes nothing",
    24: "a webhook tells what the request to the processor did not",
    25: "a render that fails is refunded whole and once, whatever becomes of the refund",
    26: "a cancellation before the render begins gives all back; after that, what was not made",
    27: "a payment without a worker waits, and is then charged once and rendered once",
    28: "the price that was quoted stands, whatever prices become",
    29: "no quote is below what a card can pay or above what one payment may be",
    30: "a currency is the same in capitals where we compare it, and bound as it was signed",
    31: "a challenge that is outstanding while the secret is rotated still pays",
    32: "clocks that disagree neither lose a payment nor stretch a signature",
    33: "headers that are large, joined, in other case or padded are read as HTTP has it",
    34: "no token is in a log, a trace, a history, the database or an error",
    35: "an account's key and a payment in one request are refused",
    36: "nobody has a quote rendered without its being paid, whatever key they hold",
    37: "uploads are fetched after the payment and from public hosts; if gone, all goes back",
    38: "quotes are rationed by address, and what nobody pays is forgotten",
    39: "links lead to the host and scheme that the caller used, and nothing is redirected",
    40: "a dispute takes the files away: what was signed before opens nothing",
    41: "every poll has a URL that works, however late",
    42: "a replica with another secret costs a payer a round and never a charge",
    43: "a page of any host may ask first, and read challenge and receipt",
    44: "looking at a payment URL changes nothing",
    45: "the same idempotency key gives the same quote",
}
