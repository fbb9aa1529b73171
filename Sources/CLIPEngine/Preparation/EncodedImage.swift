/// The bytes of an image file, as they came.
struct EncodedImage: Sendable {
    let bytes: [UInt8]
    let origin: ImageOrigin
    /// The name of the bytes; the same for all where images are not hashed.
    let hash: ContentHash
    /// Whatever keeps the bytes counted, until they are let go.
    private let room: (any Sendable)?

    init(
        _ bytes: [UInt8],
        from origin: ImageOrigin,
        hashedWith key: ContentHash.Key?,
        room: (any Sendable)? = nil
    ) {
        self.bytes = bytes
        self.origin = origin
        self.room = room
        hash = key.map { ContentHash(of: bytes, key: $0) } ?? .none
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
