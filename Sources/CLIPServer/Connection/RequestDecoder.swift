import NIOCore

/// Splits the bytes of a connection into requests; a value without clock or channel.
///
/// NIO's decoder is not used, because it stops for good at an `Upgrade` offer or a CONNECT, and is lenient about
/// versions, hosts and encodings. Here every line has to end with CR and LF, and bytes that are not exactly a request
/// are a fault.
struct RequestDecoder {
    enum Part {
        case head(RequestHead)
        /// Bytes of the body.
        case body(ByteBuffer)
        case end
    }

    private enum State {
        case head
        /// This many bytes of the body are still missing.
        case length(Int)
        case chunkSize
        /// This many bytes of the chunk are still missing.
        case chunk(Int)
        case chunkEnd
        case trailers
    }

    /// The limit in bytes of a request's first line and header fields together.
    static let mostHeadBytes = 32 << 10
    /// The limit in bytes of chunk extensions and trailing fields, which are not used.
    private static let mostOverhead = 8 << 10

    private var state = State.head
    private var buffer = ByteBuffer()
    /// The beginning of the current line, and how far its end has been searched for.
    private var lineStart = 0
    private var searched = 0
    private var overhead = 0

    /// Bytes that were received but not passed on yet.
    var waiting: Int { buffer.readableBytes }

    /// Takes received bytes.
    mutating func take(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// Releases a large receive buffer if only a few bytes are left in it.
    mutating func compact() {
        if buffer.readableBytes == 0 {
            buffer = ByteBuffer()
        } else if buffer.storageCapacity > 2 * buffer.readableBytes + 512 {
            buffer = ByteBuffer(bytes: buffer.readableBytesView)
        }
    }

    /// Forgets everything, because nothing more will be read.
    mutating func clear() {
        buffer = ByteBuffer()
        (lineStart, searched) = (0, 0)
    }

    /// The next part; nil if it needs more bytes.
    mutating func next() throws(MessageFault) -> Part? {
        while true {
            switch state {
            case .head:
                guard let head = try nextHead() else { return nil }
                overhead = 0
                switch head.framing {
                case .none: state = .length(0)
                case .length(let length): state = .length(length)
                case .chunked: state = .chunkSize
                }
                return .head(head)
            case .length(0):
                state = .head
                return .end
            case .length(let left):
                guard let bytes = slice(atMost: left) else { return nil }
                state = .length(left - bytes.readableBytes)
                return .body(bytes)
            case .chunkSize:
                guard let line = try nextLine() else { return nil }
                let (size, digits) = try Self.chunkSize(line)
                overhead += line.count - digits
                guard overhead <= Self.mostOverhead else { throw .chunk }
                state = size == 0 ? .trailers : .chunk(size)
            case .chunk(let left):
                guard let bytes = slice(atMost: left) else { return nil }
                let rest = left - bytes.readableBytes
                state = rest == 0 ? .chunkEnd : .chunk(rest)
                return .body(bytes)
            case .chunkEnd:
                guard buffer.readableBytes >= 2 else { return nil }
                guard buffer.readBytes(length: 2) == [0x0D, 0x0A] else { throw .chunk }
                state = .chunkSize
            case .trailers:
                guard let line = try nextLine() else { return nil }
                overhead += line.count
                guard overhead <= Self.mostOverhead else { throw .chunk }
                guard line.isEmpty else { continue }
                state = .head
                return .end
            }
        }
    }

    private mutating func slice(atMost count: Int) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        return buffer.readSlice(length: min(count, buffer.readableBytes))
    }

    /// A line of a chunked body, without its end.
    private mutating func nextLine() throws(MessageFault) -> [UInt8]? {
        let view = buffer.readableBytesView
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
            guard view.count <= Self.mostOverhead else { throw .chunk }
            return nil
        }
        let line = view[view.startIndex..<end]
        guard line.count <= Self.mostOverhead, line.last == UInt8(ascii: "\r") else { throw .chunk }
        let bytes = Array(line.dropLast())
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw .chunk }
        buffer.moveReaderIndex(forwardBy: line.count + 1)
        return bytes
    }

    /// The number before a chunk extension, which is ignored, and how many digits the number has.
    private static func chunkSize(_ line: [UInt8]) throws(MessageFault) -> (size: Int, digits: Int) {
        var size = 0
        var digits = 0
        for byte in line {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { break }
            // No body needs more than fifteen digits, and fifteen fit into the integer.
            guard digits < 15 else { throw .chunk }
            size = size << 4 | digit
            digits += 1
        }
        guard digits > 0 else { throw .chunk }
        let rest = line.dropFirst(digits).drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { throw .chunk }
        return (size, digits)
    }

    /// The next head, once it is complete.
    private mutating func nextHead() throws(MessageFault) -> RequestHead? {
        let newline = UInt8(ascii: "\n")
        let bytes = buffer.readableBytesView
        func byte(_ offset: Int) -> UInt8 { bytes[bytes.startIndex + offset] }
        // Some clients send empty lines after a body, before the next request.
        var start = 0
        while start + 1 < bytes.count, byte(start) == 0x0D, byte(start + 1) == newline { start += 2 }
        if lineStart < start { (lineStart, searched) = (start, start) }
        while let index = bytes[(bytes.startIndex + searched)...].firstIndex(of: newline) {
            let end = index - bytes.startIndex
            guard end > lineStart, byte(end - 1) == UInt8(ascii: "\r") else {
                throw lineStart == start ? .requestLine : .fieldLine
            }
            if end - 1 == lineStart {
                guard end <= Self.mostHeadBytes else { throw .fieldsTooLarge(limit: Self.mostHeadBytes) }
                let lines = Array(bytes[(bytes.startIndex + start)..<(bytes.startIndex + lineStart)])
                let head = try RequestHead(lines: lines[...])
                buffer.moveReaderIndex(forwardBy: end + 1)
                (lineStart, searched) = (0, 0)
                return head
            }
            (lineStart, searched) = (end + 1, end + 1)
        }
        searched = bytes.count
        guard bytes.count <= Self.mostHeadBytes else {
            let limit = Self.mostHeadBytes
            throw lineStart == start ? .targetTooLong(limit: limit) : .fieldsTooLarge(limit: limit)
        }
        return nil
    }
}
