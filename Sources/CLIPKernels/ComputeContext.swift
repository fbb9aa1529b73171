internal import COneDNN

/// What the kernels of one model share: oneDNN's engine, its compiled operations, scratch memory, a thread count.
///
/// **Threads.** A context, and every kernel made with it, is used by one thread at a time; nothing in it is locked.
/// oneDNN itself spreads each operation over `threads` threads. With an OpenMP build of oneDNN (Debian's is one) that
/// number belongs to the *calling* thread, so `beginPass()` sets it anew: making a model on one thread and running it
/// on another, one after the other, is fine. OpenMP keeps a pool of workers for every thread that calls it; let the
/// same thread run a model for its whole life.
///
/// With two threads or more, start the process with `OMP_WAIT_POLICY=passive`. By default libgomp's threads spin at
/// the end of every operation, and when anything else wants the processor they spin while the one they wait for is
/// not running: on two cores with other work on them, one image through ViT-B/32 took 1,300 ms by default and 300 ms
/// with passive waiting. The library reads the variable when it is loaded, so a process that sets it has to start itself anew.
public final class ComputeContext {
    /// How many threads oneDNN may use.
    public let threads: Int
    /// Working memory of forward passes.
    public let scratch = ScratchArena()

    private let engine: Engine
    private var primitives = PrimitiveCache(limit: 512)

    /// Starts oneDNN's CPU engine.
    public init(threads: Int) throws(KernelError) {
        precondition(threads > 0, "A compute context needs at least one thread.")
        self.threads = threads
        engine = try Engine()
        _ = codnn_set_threads(Int32(clamping: threads))
    }

    /// The version of the oneDNN that runs, such as "2.6.3".
    public static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        codnn_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// The layout of feature maps in which oneDNN computes convolutions fastest on this processor.
    public func preferredFeatureLayout() throws(KernelError) -> FeatureLayout {
        var maps = codnn_maps_planes
        let status = codnn_maps_choose(engine.pointer, &maps)
        guard status == 0, let layout = FeatureLayout.allCases.first(where: { $0.code == maps }) else {
            throw .operationFailed(operation: "choice of a feature layout", status: Int(status))
        }
        return layout
    }

    /// Claims the calling thread for this context and takes all scratch back.
    ///
    /// To be called before every forward pass.
    public func beginPass() throws(KernelError) {
        _ = codnn_set_threads(Int32(clamping: threads))
        try scratch.reset()
    }

    /// How many compiled operations are kept, which is bounded.
    package var primitiveCount: Int { primitives.count }

    /// The compiled operation of a shape, made on first use.
    package func primitive(for key: PrimitiveKey) throws(KernelError) -> Primitive {
        try primitive(for: key, packedAs: nil)
    }

    func primitive(for key: PrimitiveKey, packedAs weights: PackedWeights?) throws(KernelError) -> Primitive {
        if let known = primitives[key] { return known }
        let made = try Primitive(key, packedAs: weights, engine: engine)
        primitives[key] = made
        return made
    }

    func packedWeights(
        plain: UnsafePointer<Float>,
        for primitive: Primitive
    ) throws(KernelError) -> PackedWeights {
        try PackedWeights(plain: plain, for: primitive, engine: engine)
    }

    func run(_ primitive: Primitive, _ operands: codnn_operands) throws(KernelError) {
        try scratch.scope { () throws(KernelError) in
            var operands = operands
            if primitive.scratchpadSize > 0 {
                operands.scratchpad = try scratch.memory(byteCount: primitive.scratchpadSize)
            }
            let status = codnn_execute(engine.pointer, primitive.pointer, &operands)
            guard status == 0 else {
                throw .operationFailed(operation: primitive.operation, status: Int(status))
            }
        }
    }
}
