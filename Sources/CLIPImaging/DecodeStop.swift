internal import CPictures

/// When a decode has to end although its picture is not finished: at a time, or as soon as nobody waits for it.
///
/// Decoders look at it every few rows, and within 0.2 s on today's machines; what they then throw says which of the two
/// it was. One stop may serve several decodes.
public final class DecodeStop: Sendable {
    /// The time at which decodes end, if there is one.
    public let deadline: ContinuousClock.Instant?
    private let limit: Duration
    private let isUnwanted: @Sendable () -> Bool

    /// A stop at a deadline, or when nobody waits any more.
    ///
    /// - Parameters:
    ///   - deadline: when decodes end; never by itself where it is nil.
    ///   - limit: the time that led to the deadline, for the words of the refusal.
    ///   - isUnwanted: whether nobody waits any more, which is looked at as often as the clock.
    public init(
        deadline: ContinuousClock.Instant? = nil,
        limit: Duration = .zero,
        unless isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.deadline = deadline
        self.limit = limit
        self.isUnwanted = isUnwanted
    }

    /// A stop at a time from now, or when nobody waits any more.
    public convenience init(
        after limit: Duration,
        unless isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.init(deadline: .now + limit, limit: limit, unless: isUnwanted)
    }

    /// Whether decodes have to end.
    var isOver: Bool {
        if isUnwanted() { return true }
        guard let deadline else { return false }
        return ContinuousClock.now >= deadline
    }

    /// What a decode that was ended throws.
    var reason: ImagingError {
        isUnwanted() ? .stopped : .tookTooLong(limit: limit)
    }

    /// Throws once decodes have to end.
    func check() throws(ImagingError) {
        if isOver { throw reason }
    }

    /// Something for a decoder of another language to ask, as long as this stop lives.
    var clock: cpicture_clock {
        cpicture_clock(
            is_over: { context in
                guard let context else { return 0 }
                return Unmanaged<DecodeStop>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
            },
            context: Unmanaged.passUnretained(self).toOpaque()
        )
    }
}
