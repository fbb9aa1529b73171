internal import CSimd

extension ComputeEngine {
    /// What packed weights are made for: on x86-64 the processor's name, and everywhere which of its instructions are
    /// used.
    public static var processor: String {
        var name = [CChar](repeating: 0, count: Int(csimd_processor_name_size))
        csimd_processor_name(&name)
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
