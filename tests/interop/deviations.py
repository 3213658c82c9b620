"""What the peers lack or get wrong: rows that are skipped, with the reason.

The key is the peer and the row as the matrix prints it. The versions are those that are installed.
"""

NO_TLV = "the peer has none: its TLVs are a fixed list"
NO_COMMAND = "the peer has none"

DEVIATIONS = {
    ("cloudhopper", "they ask submit_multi"): NO_COMMAND,
    ("cloudhopper", "they ask submit_multi, a distribution list"): NO_COMMAND,
    ("cloudhopper", "we ask submit_multi"): NO_COMMAND,
    ("cloudhopper", "we ask submit_multi, a distribution list"): NO_COMMAND,
    ("cloudhopper", "they answer alert_notification"): "the peer reads it and tells nobody",
    ("cloudhopper", "we answer alert_notification"): "the peer has one that it cannot send",
    ("jsmpp", "they ask submit_multi, a distribution list"): "the peer reads lists, sends none",
    ("smpplib", "they ask submit_sm, TLVs known and a vendor's"): NO_TLV,
    ("smpplib", "they answer data_sm"): "the peer reads it and never answers",
    ("smpplib", "they answer an unknown command by a generic nack"): "the peer stops reading",
    ("smpplib", "they ask submit_sm"): "the peer's GSM alphabet has no section sign",
    ("smpplib", "they ask cancel_sm"): NO_COMMAND,
    ("smpplib", "they ask replace_sm"): NO_COMMAND,
    ("smpplib", "they ask submit_multi"): NO_COMMAND,
    ("smpplib", "they ask submit_multi, a distribution list"): NO_COMMAND,
    ("smpplib", "they ask of their message replace_sm"): NO_COMMAND,
    ("smpplib", "they ask of their message cancel_sm"): NO_COMMAND,
}
