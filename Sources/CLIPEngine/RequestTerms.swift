/// Who sends a request, how long the sender waits, and what the request holds already.
public struct RequestTerms: Equatable, Sendable {
    /// When the sender stops waiting; nil if never.
    ///
    /// A request that is not expected to be finished by then is refused before it costs anything. The caller has to
    /// cancel the task at that time; items that still wait are dropped then.
    public var deadline: ContinuousClock.Instant?
    /// The client, such as its address.
    ///
    /// Clients take turns, and each may use only a share of the engine's places and bytes; requests without a client
    /// have no such limit.
    public var client: String?
    /// Bytes of the engine's budget that the request holds already and keeps to its end, such as its body.
    public var heldBytes: Int

    /// No deadline, a client without a name, and nothing held.
    public init(deadline: ContinuousClock.Instant? = nil, client: String? = nil, heldBytes: Int = 0) {
        self.deadline = deadline
        self.client = client
        self.heldBytes = heldBytes
    }
}
