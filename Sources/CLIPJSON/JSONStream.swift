/// Reads JSON from its beginning to its end, strictly, without building a tree: a tokenizer's file has a million values.
///
/// Whoever reads asks for what should come next, and throws errors of its own, which `failure` makes of faults as well.
/// Names and strings share the text's memory where they hold no escapes; what is kept beyond the text should be copied.
/// Members with one name are all handed over, but by `object(once:)`.
public struct JSONStream<Failure: Error> {
    @usableFromInline var lexer: JSONLexer
    /// How many more arrays and objects may be opened within those that are.
    @usableFromInline var levels: Int
    @usableFromInline let deepest: Int
    @usableFromInline let failure: (JSONFault) -> Failure

    /// Reads a text that was checked to be UTF-8 (`UTF8Check`), in which arrays and objects nest at most so deep.
    public init(_ bytes: [UInt8], deepest: Int, failure: @escaping (JSONFault) -> Failure) {
        lexer = JSONLexer(bytes, replacingLoneSurrogates: false)
        levels = deepest
        self.deepest = deepest
        self.failure = failure
    }

    /// What an error at the present place is.
    public var malformed: Failure { failure(lexer.fault(.value)) }

    /// The next value's first byte.
    @inlinable
    public mutating func peek() throws(Failure) -> UInt8 {
        lexer.skipWhitespace()
        guard let byte = lexer.current else { throw malformed }
        return byte
    }

    /// Whether the next value is of the kind that begins so.
    @inlinable
    public mutating func isNext(_ character: Unicode.Scalar) throws(Failure) -> Bool {
        try peek() == UInt8(ascii: character)
    }

    /// Nothing but white space may follow.
    public mutating func finish() throws(Failure) {
        lexer.skipWhitespace()
        guard lexer.current == nil else { throw failure(lexer.fault(.end)) }
    }

    /// Reads an object; `member` has to read or skip each value.
    @inlinable
    public mutating func object(
        _ member: (inout JSONStream, ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try open("{")
        if !take("}") {
            repeat {
                let name = try text()
                try expect(":")
                try member(&self, name)
            } while take(",")
            try expect("}")
        }
        levels += 1
    }

    /// Reads an array; `element` has to read or skip each value.
    @inlinable
    public mutating func array(
        _ element: (inout JSONStream) throws(Failure) -> Void
    ) throws(Failure) {
        try open("[")
        if !take("]") {
            repeat { try element(&self) } while take(",")
            try expect("]")
        }
        levels += 1
    }

    /// Reads a string, as UTF-8 that is shared with the text where it holds no escapes.
    @inlinable
    public mutating func text() throws(Failure) -> ArraySlice<UInt8> {
        do throws(JSONFault) { return try lexer.string() } catch { throw failure(error) }
    }

    /// Reads a string, as UTF-8 of its own.
    @inlinable
    public mutating func string() throws(Failure) -> [UInt8] {
        Array(try text())
    }

    /// Reads a number as it is written, with any fraction and exponent.
    @inlinable
    public mutating func number() throws(Failure) -> ArraySlice<UInt8> {
        do throws(JSONFault) { return try lexer.number() } catch { throw failure(error) }
    }

    /// Reads a whole number of 64 bits; one with a fraction or an exponent is refused.
    @inlinable
    public mutating func integer() throws(Failure) -> Int {
        do throws(JSONFault) { return try lexer.wholeNumber(signed: true) } catch { throw failure(error) }
    }

    /// Reads a whole number from 0 on, written without a sign.
    public mutating func count() throws(Failure) -> Int {
        do throws(JSONFault) { return try lexer.wholeNumber(signed: false) } catch { throw failure(error) }
    }

    /// Skips a value of any kind.
    public mutating func skip() throws(Failure) {
        do throws(JSONFault) { try lexer.skip(levels: levels, of: deepest) } catch { throw failure(error) }
    }

    /// Skips a string, a number, `true`, `false` or `null`.
    public mutating func skipScalar() throws(Failure) {
        do throws(JSONFault) { try lexer.skipScalar() } catch { throw failure(error) }
    }

    // MARK: Single bytes, for arrays of a known length

    /// Passes over a byte, with white space before it, if it is the next.
    @inlinable
    public mutating func take(_ character: Unicode.Scalar) -> Bool {
        lexer.take(UInt8(ascii: character))
    }

    /// Passes over a byte that has to be the next.
    @inlinable
    public mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
        guard take(character) else { throw failure(lexer.fault(.byte(UInt8(ascii: character)))) }
    }

    /// Begins an array or an object; `levels` has to grow again at its end.
    @inlinable
    mutating func open(_ character: Unicode.Scalar) throws(Failure) {
        lexer.skipWhitespace()
        guard lexer.current == UInt8(ascii: character) else {
            throw failure(lexer.fault(.byte(UInt8(ascii: character))))
        }
        guard levels > 0 else { throw failure(lexer.fault(.shallower(limit: deepest))) }
        levels -= 1
        lexer.position += 1
    }
}
