"""Space link extension: RAF, RCF and ROCF as user and provider, on ISP1."""
