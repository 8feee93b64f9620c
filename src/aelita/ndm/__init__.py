"""Navigation data messages of CCSDS, read and written in KVN and XML."""
