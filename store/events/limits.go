package events

const maxBlockRows = 1 << 16
