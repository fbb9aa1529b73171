/// The bytes of an image file, as they came.
struct EncodedImage: Sendable {
    let bytes: [UInt8]
    let origin: ImageOrigin
    /// The name of the bytes; the same for all where images are not hashed.
    let hash: ContentHash
    /// Whatever keeps the bytes counted, until they are let go; nil where they are part of a body that is.
    private let room: (any Sendable)?
    /// Bytes that nothing counts yet: those that were taken out of a text.
    let uncountedBytes: Int

    init(
        _ bytes: [UInt8],
        from origin: ImageOrigin,
        hashedWith key: ContentHash.Key?,
        room: (any Sendable)? = nil,
        isCopy: Bool = false
    ) {
        self.bytes = bytes
        self.origin = origin
        self.room = room
        uncountedBytes = isCopy ? bytes.count : 0
        hash = key.map { ContentHash(of: bytes, key: $0) } ?? .none
    }

    private init(_ image: EncodedImage, room: ByteReservation) {
        (bytes, origin, hash, uncountedBytes) = (image.bytes, image.origin, image.hash, 0)
        self.room = room
    }

    /// The same with its bytes counted; nil where there is no room for them now.
    func counted(in budget: ByteBudget) -> EncodedImage? {
        guard uncountedBytes > 0 else { return self }
        return budget.reserveNow(uncountedBytes, for: .decoding).map { EncodedImage(self, room: $0) }
    }
}

/// An image as far as it got before the network.
struct PreparedImage: Sendable {
    /// The name of its bytes.
    let hash: ContentHash
    let content: Content

    enum Content: Sendable {
        /// It was embedded before.
        case known(Embedding)
        /// (imageSize, imageSize, 3) bytes, and what keeps them counted.
        case pixels([UInt8], room: ByteReservation)
    }

    /// The embedding, where it was known.
    var embedding: Embedding? {
        guard case .known(let embedding) = content else { return nil }
        return embedding
    }

    /// The pixels, where it was not.
    var pixels: [UInt8]? {
        guard case .pixels(let bytes, _) = content else { return nil }
        return bytes
    }
}
