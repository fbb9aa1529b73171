internal import CPictures

/// Ends a decode before its picture is finished, at a deadline or as soon as nobody waits for the picture.
///
/// Decoders check it every few rows, and at least every 0.2 s on today's machines. The error that they throw tells
/// which of the two it was. One stop may serve several decodes.
public final class DecodeStop: Sendable {
    /// The time at which decodes end; nil if there is none.
    public let deadline: ContinuousClock.Instant?
    private let limit: Duration
    private let isUnwanted: @Sendable () -> Bool

    /// Makes a stop with a deadline, or for when nobody waits any more.
    ///
    /// - Parameters:
    ///   - deadline: when decodes end; nil if time never ends them.
    ///   - limit: the time limit behind the deadline, which the error names.
    ///   - isUnwanted: whether nobody waits any more; it is called as often as the clock is read.
    public init(
        deadline: ContinuousClock.Instant? = nil,
        limit: Duration = .zero,
        unless isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.deadline = deadline
        self.limit = limit
        self.isUnwanted = isUnwanted
    }

    /// Makes a stop with a time limit that begins now, or for when nobody waits any more.
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

    /// The error that a stopped decode throws.
    var reason: ImagingError {
        isUnwanted() ? .stopped : .tookTooLong(limit: limit)
    }

    /// Throws if decodes have to end.
    func check() throws(ImagingError) {
        if isOver { throw reason }
    }

    /// The same question for decoders written in C, valid as long as this stop lives.
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
