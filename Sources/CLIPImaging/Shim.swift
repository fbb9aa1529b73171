import Synchronization

public final class DecodeStop: Sendable {
    private let flag = Atomic(false)
    public init(after: Duration) {}
    public func request() { flag.store(true, ordering: .relaxed) }
}

extension ImagePreprocessor {
    public func pixels(
        of image: [UInt8],
        admitting: (Int) -> Bool,
        stop: DecodeStop
    ) throws(ImagingError) -> PixelBuffer {
        guard admitting(1_000_000) else { throw .notAdmitted(bytes: 1_000_000) }
        return try pixels(of: image)
    }
}
