"""What can go wrong between agents and the MCP server, case by case, and who proves it does not.

A test carries the cases that it proves: `@pytest.mark.mcp_case("7.1")`, several where it proves
several. The check in `tests/architecture/test_cases.py` goes both ways. The number before the
point is that of a group; ids are stable; each sentence says what holds. Cases that cannot come up
here are in `NOT_HERE`, with the reason.
"""

from collections.abc import Mapping
from typing import Final

MCP_CASES: Final[Mapping[str, str]] = {
    # keys
    "1.1": "a tool of accounts without a key names the one that needs none, and is no HTTP 401",
    "2.1": "a key that is unknown, malformed, too long or revoked is told from none",
    "2.2": "a key with spaces around it counts; a doubled or unreadable header is one wrong key",
    "2.3": "a key is found by its hash, in one read",
    "3.1": "pay-per-render is stronger than a key, which is not used then",
    "3.2": "an unknown billing mode is refused with the choices",
    "4.1": "another account's render is as unknown as none, whatever is asked of it",
    "4.2": "whatever is wrong with a claim token, the answer is the same",
    "5.1": "a key or token among the arguments is refused unread, and the header is named",
    "6.1": "no secret is in a log, a trace, a metric, a history, the database or an error",
    "6.2": "no secret is in a result, but in the fields that are documented to carry it",
    # addresses
    "7.1": "an address of a status is read and never fetched; only ours, to the letter, is one",
    "8.1": "an id and an address that disagree are refused, and so is neither",
    "8.2": "the address of the other kind leads to the tool for it",
    "9.1": "only an address of our own films is fetched",
    "9.2": "no address of the inside is connected to, whatever a name says the second time",
    "9.3": "no redirect is followed to a film",
    "9.4": "nothing that could be a credential is sent for a film",
    "10.1": "an address whose signature has run out says so, and the next poll has one that works",
    "11.1": "an upload comes from public hosts alone, by the address that was checked",
    "11.2": "uploads are bounded in size, in time and in number",
    "11.3": "a path, and an address that is no https, is no upload",
    # files
    "12.1": "a film is written below the folder of downloads alone, and under a sensible name",
    "12.2": "no link, device or folder is written through",
    "13.1": "an existing file is refused and not touched unless it is to be replaced",
    "13.2": "a film is there whole or not at all, whatever happens meanwhile",
    "14.1": "a download has its time, in whole and between two pieces",
    "14.2": "a download has its size, whatever is announced",
    "14.3": "what is no film is not kept as one",
    "14.4": "a full disk is said to be, and nothing is left",
    "14.5": "what is saved is told with its size and hash",
    "15.1": "a server writes no file for who has no key, nor for anybody unless it is set up to",
    "15.2": "only so many downloads run at once",
    # transport
    "16.1": "every method but POST is refused at once, and no stream is left open",
    "16.2": "both spellings of the path are answered without a redirect",
    "16.3": "no proxy is let hold an answer back",
    "17.1": "a page of a foreign origin is refused, and one without an origin of its own",
    "17.2": "a foreign or missing host is refused",
    "17.3": "a page that may call may send every header and read the answer",
    "18.1": "what is no single message in strict JSON is refused, and nothing of it repeated",
    "18.2": "a notification is taken without an answer",
    "18.3": "a body is bounded whether it says so or not",
    "18.4": "a body that does not come is not waited for",
    "18.5": "only JSON is read, and only who takes an answer gets one",
    "19.1": "a header that says otherwise than the body is refused, and so is an unknown version",
    "19.2": "a session id means nothing",
    # messages
    "20.1": "an unknown tool, method or resource is an error of the protocol without its secrets",
    "20.2": "an unknown argument is named by its path, and its value is not repeated",
    "20.3": "a request may be an object or its text, and nothing else",
    "20.4": "a number is no text, no NaN and no infinity, which are refused by their path",
    "21.1": "a client that leaves while it submits has one render, found again by its own key",
    "21.2": "a client that leaves a wait ends the wait alone",
    "21.3": "a server that stops finishes what was begun and holds no answer back",
    "22.1": "the same submission at once or again, with one key, is one render",
    "22.2": "a key that was used for another request is a conflict",
    # renders
    "23.1": "canceling what has ended changes nothing and says so",
    "23.2": "canceling twice, or twice at once, is canceling",
    "23.3": "a paid render is canceled by its claim, and the money is accounted for",
    "23.4": "the tool that cancels says that it destroys",
    "24.1": "what is wrong with a brief is pointed at before there is a quote",
    "24.2": "a quote takes no credits and needs no key",
    "24.3": "an unpaid, paid or expired quote says which it is and what to do",
    "24.4": "a claim token alone is enough",
    "24.5": "a quote is not paid twice, however often it is asked for",
    "24.6": "the challenge is told as it is, on one line, and pays",
    "25.1": "a film that was deleted breaks no status, and its address says that it is gone",
    "25.2": "what a provider said is told without secrets, and cut",
    "25.3": "what a caller wrote is in the name alone, and nothing of the brief is said again",
    "26.1": "a wait is cut to what is held, and is a number",
    "26.2": "one owner holds only so many answers",
    "26.3": "what is away asks for a retry, with a time",
    # the widget
    "27.1": "what anybody wrote stays text",
    "27.2": "only https links leave the console, by the host, or as an address to copy",
    "27.3": "hosts that call no tools, or speak the older bridge, or are none, are met",
    "27.4": "what comes early, twice, late or as an error is shown for what it is",
    "27.5": "after its teardown nothing is asked, and while nobody sees it nothing either",
    "27.6": "it fits 320 px, light and dark, without motion, by keyboard",
    "27.7": "it stores nothing and loads nothing of others",
    # replicas
    "28.1": "the list of tools is the same for everybody, in one order",
    "28.2": "only what is the same for everybody may be kept by everybody",
    "29.1": "every request may go to any gateway",
    "30.1": "an address that is not exactly the widget's is no resource",
    "30.2": "there is no resource that would need a key",
}

NOT_HERE: Final[Mapping[str, str]] = {
    "2.4": "a limit of wrong keys by address: a key has 38 random characters, which no rate finds",
    "15.3": "a quota of each key's disk: a gateway that saves is set up by who owns the disk",
    "29.2": "the widget of an older release: there has been one version of it",
}
