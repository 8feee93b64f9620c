"""The few record types that flow, as column schemas."""
