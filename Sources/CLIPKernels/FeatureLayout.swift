internal import COneDNN

/// How the channels of feature maps lie in memory.
///
/// oneDNN's fastest convolutions read and write blocks of channels: one instruction then works on one pixel of as many
/// channels as a register holds. Which block is best depends on the processor, so the library is asked.
public enum FeatureLayout: Hashable, Sendable, CaseIterable {
    /// The pixels of a channel beside each other: (images, channels, size, size), as pixel values come.
    case planes
    /// The channels of a pixel beside each other: (images, size, size, channels).
    case interleaved
    /// (images, channels / 8, size, size, 8), filled up with zero channels.
    case blocked8
    /// (images, channels / 16, size, size, 16), filled up with zero channels.
    case blocked16

    /// How many channels of one pixel lie beside each other, of maps with so many channels.
    func blockWidth(channels: Int) -> Int {
        switch self {
        case .planes: 1
        case .interleaved: channels
        case .blocked8: 8
        case .blocked16: 16
        }
    }

    /// So many channels and those that fill up the last block.
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
