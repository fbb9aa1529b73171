internal import COneDNN

/// The order of the channels of feature maps in memory.
///
/// oneDNN's fastest convolutions read and write blocks of channels, so that one instruction works on one pixel of as
/// many channels as a register holds. The best block depends on the processor, so oneDNN is asked.
public enum FeatureLayout: Hashable, Sendable, CaseIterable {
    /// The pixels of a channel lie side by side: (images, channels, size, size), the order of pixel values.
    case planes
    /// The channels of a pixel lie side by side: (images, size, size, channels).
    case interleaved
    /// Blocks of eight channels: (images, channels / 8, size, size, 8), where zero channels fill the last block.
    case blocked8
    /// Blocks of sixteen channels: (images, channels / 16, size, size, 16), where zero channels fill the last block.
    case blocked16

    /// The number of channels of one pixel that lie side by side, in maps with this many channels.
    func blockWidth(channels: Int) -> Int {
        switch self {
        case .planes: 1
        case .interleaved: channels
        case .blocked8: 8
        case .blocked16: 16
        }
    }

    /// The number of channels, rounded up to whole blocks.
    func filled(channels: Int) -> Int {
        let width = blockWidth(channels: channels)
        return (channels + width - 1) / width * width
    }

    var code: codnn_maps {
        switch self {
        case .planes: codnn_maps_planes
        case .interleaved: codnn_maps_interleaved
        case .blocked8: codnn_maps_blocked_8
        case .blocked16: codnn_maps_blocked_16
        }
    }
}
