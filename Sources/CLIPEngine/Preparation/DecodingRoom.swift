/// The bytes that a decode may hold, which it asks for once its picture's header is known.
struct DecodingRoom {
    private(set) var reservation: ByteReservation?

    /// Decoders of more bytes than this are also busy for long: they need the whole picture at once.
    static let mostCheapBytes = 32 << 20

    /// - Parameter granted: what was reserved for the decode already, if anything.
    init(_ granted: ByteReservation?) {
        reservation = granted
    }

    /// Whether there is room for so many bytes now; whoever is told that there is none waits for it elsewhere.
    mutating func admits(_ bytes: Int, of budget: ByteBudget) -> Bool {
        if let reservation, reservation.byteCount >= bytes { return true }
        // The smaller reservation goes back first, so that no request waits while it holds bytes.
        reservation?.release()
        reservation = bytes > Self.mostCheapBytes ? nil : budget.reserveNow(bytes, for: .decoding)
        return reservation != nil
    }
}
