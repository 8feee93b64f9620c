"""Attached sync markers of CCSDS 131.0-B, the first octet transmitted first."""

ASM = bytes.fromhex("1ACFFC1D")  # uncoded, convolutional, Reed-Solomon, concatenated, LDPC rate 7/8
ASM_TURBO_1_2 = bytes.fromhex("034776C7272895B0")  # also LDPC rates 1/2, 2/3 and 4/5
ASM_TURBO_1_3 = bytes.fromhex("25D5C0CE8990F6C9461BF79C")
ASM_TURBO_1_4 = ASM_TURBO_1_2 + bytes(octet ^ 0xFF for octet in ASM_TURBO_1_2)
ASM_TURBO_1_6 = ASM_TURBO_1_3 + bytes(octet ^ 0xFF for octet in ASM_TURBO_1_3)
ASM_EMBEDDED = bytes.fromhex("352EF853")  # stream embedded in the data field of frames, up to issue 5
