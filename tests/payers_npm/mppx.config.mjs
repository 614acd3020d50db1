// A wallet of the command `mppx`: the library's own method for Stripe, which gets its payment token
// from the stand-in. Unlike the command's built-in one it is told what the answer is worth, so that
// `mppx validate` looks at the receipt as well.
import { stripe } from 'mppx/client'

async function createToken({ paymentMethod, amount, currency, networkId, expiresAt }) {
  const answer = await fetch(process.env.MPPX_STRIPE_SPT_URL, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${btoa(`${process.env.MPPX_STRIPE_SECRET_KEY}:`)}`,
      'Stripe-Version': '2026-07-29.preview',
    },
    body: new URLSearchParams({
      payment_method: paymentMethod,
      'usage_limits[currency]': currency,
      'usage_limits[max_amount]': amount,
      'usage_limits[expires_at]': String(expiresAt),
      'seller_details[network_id]': networkId,
    }),
  })
  if (!answer.ok) throw new Error(`no payment token: ${answer.status}`)
  return (await answer.json()).id
}

export default {
  methods: [stripe.charge({ createToken, paymentMethod: 'pm_card_visa' })],
}
