/// What a request may ask of the engine beside its images and texts.
public struct RequestTerms: Equatable, Sendable {
    /// When its sender stops waiting; nil where that is never.
    ///
    /// A request that is not expected to be finished by then is refused before it costs anything. Whoever calls the engine
    /// cancels the task at that time; what still waits is dropped then.
    public var deadline: ContinuousClock.Instant?
    /// Who asks, such as an address; requests of one client wait for each other where others wait too.
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
