/// The working memory of forward passes, handed out in order, taken back in reverse, and never freed in between.
///
/// The first pass of a size finds out how much is needed and may take several pieces of memory from the system. The
/// next `reset()` replaces them by one piece, and from then on a pass of that size allocates nothing. The arena grows
/// with the largest pass and does not shrink, so whoever runs passes has to limit their size (`CLIPModel` does, by
/// dividing calls into passes).
public final class ScratchArena {
    /// A place in the arena, to return to.
    struct Mark {
        fileprivate let block: Int
        fileprivate let offset: Int
    }

    private var blocks: [AlignedMemory] = []
    private var block = 0
    private var offset = 0

    init() {}

    /// The bytes that the arena holds, used or not.
    public var byteCount: Int { blocks.reduce(0) { $0 + $1.byteCount } }

    /// Takes everything back, before a new pass.
    public func reset() throws(KernelError) {
        block = 0
        offset = 0
        guard blocks.count > 1 else { return }
        let total = byteCount
        blocks = []  // first, so that old and new memory never exist together
        blocks = [try AlignedMemory(byteCount: total)]
    }

    /// Memory for a dense matrix, with undefined content, until the surrounding scope ends.
    public func matrix(rows: Int, width: Int, format: NumberFormat = .f32) throws(KernelError) -> Matrix {
        let size = AlignedMemory.byteCount(rows: rows, width: width, of: format.byteCount)
        let scales = format == .int8 ? AlignedMemory.byteCount(rows: rows, width: 1) : 0
        guard max(size, scales) < 1 << 46 else { throw .outOfMemory(byteCount: max(size, scales)) }
        let bytes = try memory(byteCount: AlignedMemory.whole(size) + scales)
        return Matrix(memory: bytes, rows: rows, width: width, format: format)
    }

    /// Runs `body`, then takes back all memory that it asked for.
    public func scope<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
    {
        let mark = Mark(block: block, offset: offset)
        defer {
            block = mark.block
            offset = mark.offset
        }
        return try body()
    }

    func memory(byteCount: Int) throws(KernelError) -> UnsafeMutableRawPointer {
        guard byteCount < 1 << 46 else { throw .outOfMemory(byteCount: byteCount) }
        let needed = AlignedMemory.whole(byteCount)
        while block < blocks.count {
            if blocks[block].byteCount - offset >= needed {
                defer { offset += needed }
                return blocks[block].bytes + offset
            }
            block += 1
            offset = 0
        }
        let fresh = try AlignedMemory(byteCount: needed)
        blocks.append(fresh)
        offset = needed
        return fresh.bytes
    }
}
